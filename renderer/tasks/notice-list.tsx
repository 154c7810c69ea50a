import {
  Button as AriaButton,
  Text,
  UNSTABLE_Toast as Toast,
  UNSTABLE_ToastContent as ToastContent,
  UNSTABLE_ToastRegion as ToastRegion,
} from 'react-aria-components';
import { Button } from '../design/button.tsx';
import { Icon } from '../design/icon.tsx';
import { useSite } from '../site/site.ts';
import styles from './notice-list.module.css';

/** Toasts, in a landmark of their own that F6 also reaches; announced as they come. */
export function NoticeList() {
  const { notices, commands } = useSite();
  return (
    <ToastRegion queue={notices.queue} className={styles.region!} aria-label="Notices">
      {({ toast }) => (
        <Toast toast={toast} className={`${styles.notice} ${styles[toast.content.kind]}`}>
          <Icon name={toast.content.kind === 'done' ? 'check' : 'cross'} />
          <ToastContent className={styles.words!}>
            <Text slot="title" className={styles.title!}>
              {toast.content.title}
            </Text>
            {toast.content.detail !== null && (
              <Text slot="description">{toast.content.detail}</Text>
            )}
          </ToastContent>
          {toast.content.undoDomain !== null && (
            <Button
              icon="undo"
              onPress={() => {
                if (toast.content.undoDomain !== null) commands.undelete(toast.content.undoDomain);
                notices.queue.close(toast.key);
              }}
            >
              Undo
            </Button>
          )}
          <AriaButton slot="close" className={styles.close!} aria-label="Close">
            <Icon name="close" />
          </AriaButton>
        </Toast>
      )}
    </ToastRegion>
  );
}
