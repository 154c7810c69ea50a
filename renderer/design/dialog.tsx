import type { ReactNode } from 'react';
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { IconButton } from './button.tsx';
import styles from './dialog.module.css';

interface Props {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** `alertdialog` for what asks before something is lost. */
  readonly role?: 'dialog' | 'alertdialog';
}

/** Open for as long as it is rendered. Escape and a click beside it close it. */
export function Dialog({ title, onClose, children, role = 'dialog' }: Props) {
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(open) => !open && onClose()}
      className={styles.overlay!}
    >
      <Modal className={styles.modal!}>
        <AriaDialog role={role} className={styles.dialog!}>
          <header className={styles.header}>
            <Heading slot="title">{title}</Heading>
            <IconButton icon="close" label="Close" onPress={onClose} />
          </header>
          {children}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}

export function DialogButtons({ children }: { readonly children: ReactNode }) {
  return <footer className={styles.buttons}>{children}</footer>;
}

export function DialogBody({ children }: { readonly children: ReactNode }) {
  return <div className={styles.body}>{children}</div>;
}
