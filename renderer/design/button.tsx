import type { ReactNode } from 'react';
import {
  Button as AriaButton,
  type ButtonProps,
  Tooltip,
  TooltipTrigger,
} from 'react-aria-components';
import styles from './button.module.css';
import { Icon, type IconName } from './icon.tsx';

interface Props extends Omit<ButtonProps, 'className' | 'children'> {
  /** `text`: in a line of text, and no higher than it. */
  readonly kind?: 'normal' | 'primary' | 'danger' | 'quiet' | 'text';
  readonly icon?: IconName;
  readonly children: ReactNode;
}

export function Button({ kind = 'normal', icon, children, ...props }: Props) {
  return (
    <AriaButton {...props} className={`${styles.button} ${styles[kind]}`}>
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </AriaButton>
  );
}

interface IconButtonProps extends Omit<ButtonProps, 'className' | 'children' | 'aria-label'> {
  readonly icon: IconName;
  /** The name, also shown as a tip. */
  readonly label: string;
  readonly shortcut?: string;
  readonly kind?: 'normal' | 'quiet';
  /** `small`: within a line of text. */
  readonly size?: 'normal' | 'small';
}

export function IconButton(all: IconButtonProps) {
  const { icon, label, shortcut, kind = 'quiet', size = 'normal', ...props } = all;
  return (
    <TooltipTrigger delay={500}>
      <AriaButton
        {...props}
        aria-label={label}
        className={`${styles.button} ${styles.iconOnly} ${styles[kind]} ${size === 'small' ? styles.small : ''}`}
      >
        <Icon name={icon} />
      </AriaButton>
      <Tooltip className={styles.tip!} offset={6}>
        {label}
        {shortcut !== undefined && <kbd>{shortcut}</kbd>}
      </Tooltip>
    </TooltipTrigger>
  );
}
