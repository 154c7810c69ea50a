import type { FormEvent, ReactNode } from 'react';
import { Form } from 'react-aria-components';
import { Button } from '../design/button.tsx';
import { Dialog, DialogBody, DialogButtons } from '../design/dialog.tsx';
import { FormError } from '../design/field.tsx';
import { messageOf } from '../site/error-data.ts';
import { closeOverlay } from './overlays.ts';

interface Props {
  readonly title: string;
  /** On the button that sends it: "Add host". */
  readonly act: string;
  /** The call that it makes: what is wrong with it is said below the fields. */
  readonly call: { readonly isPending: boolean; readonly error: unknown };
  /** All fields are as they may be. */
  readonly onSubmit: () => void;
  readonly children: ReactNode;
}

/** The overlay that asks for what one call needs. */
export function FormDialog({ title, act, call, onSubmit, children }: Props) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Dialog title={title} onClose={closeOverlay}>
      <Form onSubmit={submit}>
        <DialogBody>
          {children}
          <FormError message={messageOf(call.error)} />
        </DialogBody>
        <DialogButtons>
          <Button onPress={closeOverlay}>Cancel</Button>
          <Button type="submit" kind="primary" isPending={call.isPending}>
            {act}
          </Button>
        </DialogButtons>
      </Form>
    </Dialog>
  );
}
