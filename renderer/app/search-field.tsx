import { Button, Input, SearchField as AriaSearchField } from 'react-aria-components';
import { Icon } from '../design/icon.tsx';
import { useValue } from '../state/value.ts';
import { filter } from './filter.ts';
import styles from './search-field.module.css';
import { SEARCH_FIELD_ID } from './shortcuts.ts';

/** Narrows the lists. Escape empties it, then leaves it; Enter or the down key goes to the list. */
export function SearchField() {
  const text = useValue(filter);
  return (
    <AriaSearchField
      aria-label="Search domains"
      className={styles.field!}
      value={text}
      onChange={(next) => filter.set(next)}
      onSubmit={focusFirstRow}
      onKeyDown={(event) => {
        if (event.key === 'ArrowDown') focusFirstRow();
        else if (event.key === 'Escape' && text === '') (event.target as HTMLElement).blur();
        else event.continuePropagation();
      }}
    >
      <Icon name="search" />
      <Input id={SEARCH_FIELD_ID} className={styles.input!} placeholder="Search" />
      {text === '' ? (
        <kbd aria-hidden="true">/</kbd>
      ) : (
        <Button className={styles.clear!}>
          <Icon name="close" />
        </Button>
      )}
    </AriaSearchField>
  );
}

function focusFirstRow(): void {
  const row =
    document.querySelector<HTMLElement>('main [role="row"]') ??
    document.querySelector<HTMLElement>('nav [role="row"]');
  row?.focus();
}
