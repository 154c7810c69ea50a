/** The browser's own fields, for tables and lines where a label has no room: the label is a name. */
import styles from './field.module.css';

interface SelectProps<Id extends string> {
  readonly label: string;
  readonly options: Readonly<Record<Id, string>>;
  readonly value: Id;
  readonly onChange: (id: Id) => void;
}

export function CompactSelect<Id extends string>(props: SelectProps<Id>) {
  const { label, options, value, onChange } = props;
  return (
    <select
      aria-label={label}
      className={styles.compact}
      value={value}
      onChange={(event) => onChange(event.target.value as Id)}
    >
      {Object.entries<string>(options).map(([id, words]) => (
        <option key={id} value={id}>
          {words}
        </option>
      ))}
    </select>
  );
}

interface TextProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  readonly placeholder?: string;
  readonly width: string;
  readonly isDisabled?: boolean;
  readonly isInvalid?: boolean;
}

export function CompactText({ isDisabled = false, isInvalid = false, ...props }: TextProps) {
  const { label, value, onChange, placeholder = '', width } = props;
  return (
    <input
      type="text"
      aria-label={label}
      aria-invalid={isInvalid}
      className={styles.compact}
      style={{ width }}
      placeholder={placeholder}
      disabled={isDisabled}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
