import type { ReactNode } from 'react';
import {
  Keyboard,
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  type MenuItemProps,
  type MenuProps,
  Popover,
  type PopoverProps,
  Separator,
  Text,
} from 'react-aria-components';
import { Icon, type IconName } from './icon.tsx';
import styles from './menu.module.css';

export function MenuPopover({ children, ...props }: PopoverProps & { children: ReactNode }) {
  return (
    <Popover offset={4} {...props} className={styles.popover!}>
      {children}
    </Popover>
  );
}

export function Menu<T extends object>(props: Omit<MenuProps<T>, 'className'>) {
  return <AriaMenu {...props} className={styles.menu!} />;
}

interface ItemProps extends Omit<MenuItemProps, 'className' | 'children'> {
  readonly icon?: IconName;
  readonly label: string;
  /** A second line: why it cannot be chosen, or what it costs. */
  readonly detail?: string | null;
  readonly shortcut?: string;
  readonly danger?: boolean;
}

export function MenuItem({ icon, label, detail, shortcut, danger, ...props }: ItemProps) {
  return (
    <AriaMenuItem
      textValue={label}
      {...props}
      className={`${styles.item} ${danger === true ? styles.danger : ''}`}
    >
      {({ hasSubmenu }) => (
        <>
          <span className={styles.icon}>{icon !== undefined && <Icon name={icon} />}</span>
          <Text slot="label" className={styles.words!}>
            {label}
            {detail !== undefined && detail !== null && (
              <span className={styles.detail}> {detail}</span>
            )}
          </Text>
          {shortcut !== undefined && <Keyboard className={styles.shortcut!}>{shortcut}</Keyboard>}
          {hasSubmenu && <Icon name="chevron" />}
        </>
      )}
    </AriaMenuItem>
  );
}

export function MenuSeparator() {
  return <Separator className={styles.separator!} />;
}
