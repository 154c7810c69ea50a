import { useEffect } from 'react';

const PROGRAM = 'Domus';

/** The window's title while a page about `name` is shown. */
export function useDocumentTitle(name: string | undefined): void {
  useEffect(() => {
    document.title = name === undefined ? PROGRAM : `${name} – ${PROGRAM}`;
    return () => {
      document.title = PROGRAM;
    };
  }, [name]);
}
