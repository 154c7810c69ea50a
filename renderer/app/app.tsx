import { I18nProvider } from 'react-aria-components';
import { ConsoleWindow } from '../console/console-window.tsx';
import { NoticeList } from '../tasks/notice-list.tsx';
import { ConnectionGate } from './connection-gate.tsx';
import { OverlayHost } from './overlay-host.tsx';
import { useRoute } from './route.ts';
import { Shell } from './shell.tsx';

export function App() {
  const route = useRoute();
  return (
    <I18nProvider locale="en-GB">
      <ConnectionGate>
        {route.view === 'window' ? <ConsoleWindow uuid={route.uuid} /> : <Shell route={route} />}
      </ConnectionGate>
      <OverlayHost />
      <NoticeList />
    </I18nProvider>
  );
}
