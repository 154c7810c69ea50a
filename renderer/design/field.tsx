import type { ReactNode } from 'react';
import {
  FieldError,
  Input,
  Label,
  ListBox,
  ListBoxItem,
  NumberField as AriaNumberField,
  type NumberFieldProps,
  Popover,
  Radio,
  RadioGroup,
  Select as AriaSelect,
  SelectValue,
  Button,
  Switch as AriaSwitch,
  Text,
  TextField as AriaTextField,
  type TextFieldProps,
  Group,
} from 'react-aria-components';
import styles from './field.module.css';
import { Icon } from './icon.tsx';

interface Described {
  readonly label: string;
  readonly description?: string;
}

type TextProps = Omit<TextFieldProps, 'className' | 'children'> &
  Described & { readonly placeholder?: string; readonly mono?: boolean };

export function TextField({ label, description, placeholder, mono, ...props }: TextProps) {
  return (
    <AriaTextField {...props} className={styles.field!}>
      <Label className={styles.label!}>{label}</Label>
      <Input
        className={`${styles.input} ${mono === true ? styles.mono : ''}`}
        {...(placeholder === undefined ? {} : { placeholder })}
      />
      <Below description={description} />
    </AriaTextField>
  );
}

type NumberProps = Omit<NumberFieldProps, 'className' | 'children'> &
  Described & { readonly unit: string };

export function NumberField({ label, description, unit, ...props }: NumberProps) {
  return (
    <AriaNumberField {...props} className={styles.field!}>
      <Label className={styles.label!}>{label}</Label>
      <Group className={styles.withUnit!}>
        <Input className={styles.input!} />
        <span className={styles.unit} aria-hidden="true">
          {unit}
        </span>
      </Group>
      <Below description={description} />
    </AriaNumberField>
  );
}

interface Option {
  readonly id: string;
  readonly label: string;
  readonly detail?: string;
  /** Stays to be seen; its detail says why. */
  readonly isDisabled?: boolean;
}

interface SelectProps extends Described {
  readonly options: readonly Option[];
  readonly value: string;
  readonly onChange: (id: string) => void;
}

export function Select({ label, description, options, value, onChange }: SelectProps) {
  return (
    <AriaSelect
      className={styles.field!}
      value={value}
      onChange={(key) => key !== null && onChange(String(key))}
    >
      <Label className={styles.label!}>{label}</Label>
      <Button className={`${styles.input} ${styles.trigger}`}>
        <SelectValue />
        <Icon name="down" />
      </Button>
      <Below description={description} />
      <Popover className={styles.popover!} offset={4}>
        <ListBox items={options} className={styles.list!}>
          {(option) => (
            <ListBoxItem
              textValue={option.label}
              className={styles.option!}
              isDisabled={option.isDisabled ?? false}
            >
              <Text slot="label">{option.label}</Text>
              {option.detail !== undefined && (
                <Text slot="description" className={styles.detail!}>
                  {option.detail}
                </Text>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}

interface SegmentsProps<Id extends string> {
  readonly label: string;
  readonly options: readonly { readonly id: Id; readonly label: string }[];
  readonly value: Id;
  readonly onChange: (id: Id) => void;
}

/** One of a few, all of them seen. */
export function Segments<Id extends string>(props: SegmentsProps<Id>) {
  const { label, options, value, onChange } = props;
  return (
    <RadioGroup
      aria-label={label}
      orientation="horizontal"
      value={value}
      onChange={(id) => onChange(id as Id)}
      className={styles.segments!}
    >
      {options.map((option) => (
        <Radio key={option.id} value={option.id} className={styles.segment!}>
          {option.label}
        </Radio>
      ))}
    </RadioGroup>
  );
}

interface SwitchProps {
  readonly isSelected: boolean;
  readonly onChange: (isSelected: boolean) => void;
  /** The name, where the words beside it do not say it all. */
  readonly label?: string;
  readonly children: ReactNode;
}

export function Switch({ isSelected, onChange, label, children }: SwitchProps) {
  return (
    <AriaSwitch
      isSelected={isSelected}
      onChange={onChange}
      {...(label === undefined ? {} : { 'aria-label': label })}
      className={styles.switch!}
    >
      <span className={styles.track} />
      <span>{children}</span>
    </AriaSwitch>
  );
}

/** The place below a field: a description, or in its stead what is wrong. */
function Below({ description }: { readonly description: string | undefined }) {
  return (
    <>
      {description !== undefined && (
        <Text slot="description" className={styles.description!}>
          {description}
        </Text>
      )}
      <FieldError className={styles.error!} />
    </>
  );
}

/** A refusal of the whole form, beside its buttons. */
export function FormError({ message }: { readonly message: string | null }) {
  return (
    <p role="alert" className={message === null ? styles.noError : styles.formError}>
      {message}
    </p>
  );
}

/** Fields that belong together, beside each other. */
export function FieldRow({ children }: { readonly children: ReactNode }) {
  return <div className={styles.row}>{children}</div>;
}
