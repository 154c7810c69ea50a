import { QueryClientProvider } from '@tanstack/react-query';
import { createRoot } from 'react-dom/client';
import './design/tokens.css';
import './design/base.css';
import { App } from './app/app.tsx';
import { installShortcuts } from './app/shortcuts.ts';
import { applyTheme } from './app/theme.ts';
import { makeSite, SiteContext } from './site/site.ts';
import { openTransport } from './transport/open-transport.ts';

applyTheme();
installShortcuts();
const site = makeSite(openTransport());
createRoot(document.getElementById('root')!).render(
  <SiteContext value={site}>
    <QueryClientProvider client={site.cache}>
      <App />
    </QueryClientProvider>
  </SiteContext>,
);
