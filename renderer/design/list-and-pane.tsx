import type { ReactNode } from 'react';
import {
  Header,
  ListBox,
  ListBoxItem,
  ListBoxSection,
  type ListBoxItemProps,
} from 'react-aria-components';
import styles from './list-and-pane.module.css';

interface Props {
  readonly list: ReactNode;
  readonly children: ReactNode;
}

/** A list at the left, one thing of it at the right; each scrolls by itself. */
export function ListAndPane({ list, children }: Props) {
  return (
    <div className={styles.layout}>
      <div className={styles.side}>{list}</div>
      <div className={styles.pane}>{children}</div>
    </div>
  );
}

interface ChoiceListProps {
  readonly label: string;
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
  readonly children: ReactNode;
}

/** What is moved over with the arrow keys is what the pane shows. */
export function ChoiceList({ label, chosen, onChoose, children }: ChoiceListProps) {
  return (
    <ListBox
      aria-label={label}
      className={styles.list!}
      selectionMode="single"
      selectionBehavior="replace"
      disallowEmptySelection
      selectedKeys={chosen === undefined ? [] : [chosen]}
      onSelectionChange={(keys) => {
        const [key] = keys === 'all' ? [] : keys;
        if (key !== undefined) onChoose(String(key));
      }}
    >
      {children}
    </ListBox>
  );
}

interface ChoiceGroupProps {
  readonly title: string;
  readonly children: ReactNode;
}

export function ChoiceGroup({ title, children }: ChoiceGroupProps) {
  return (
    <ListBoxSection>
      <Header className={styles.title!}>{title}</Header>
      {children}
    </ListBoxSection>
  );
}

export function Choice(props: Omit<ListBoxItemProps, 'className'>) {
  return <ListBoxItem {...props} className={styles.choice!} />;
}
