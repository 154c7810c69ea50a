import { ConsolesView } from '../console/consoles-view.tsx';
import { DomainPage } from '../domains/domain-page.tsx';
import { EventsView } from '../events/events-view.tsx';
import { SiteView } from '../hosts/site-view.tsx';
import { ImagesView } from '../images/images-view.tsx';
import { NetworksView } from '../networks/networks-view.tsx';
import { StorageView } from '../storage/storage-view.tsx';
import { MovePanel } from '../moves/move-panel.tsx';
import { TaskStrip } from '../tasks/task-strip.tsx';
import { TasksView } from '../tasks/tasks-view.tsx';
import type { Route } from './route.ts';
import { SiteTree } from './site-tree.tsx';
import styles from './shell.module.css';
import { Toolbar } from './toolbar.tsx';
import { useRegionCycling } from './regions.ts';

/** The four regions; F6 goes from one to the next. */
export function Shell({ route }: { readonly route: Route }) {
  useRegionCycling();
  return (
    <div className={styles.shell}>
      <nav className={styles.tree} aria-label="Site" data-region>
        <SiteTree route={route} />
      </nav>
      <header className={styles.toolbar} data-region>
        <Toolbar route={route} />
      </header>
      <div className={styles.middle}>
        <main className={styles.content} data-region tabIndex={-1}>
          <View route={route} />
        </main>
        <MovePanel route={route} />
      </div>
      <footer className={styles.strip} data-region>
        <TaskStrip />
      </footer>
    </div>
  );
}

function View({ route }: { readonly route: Route }) {
  switch (route.view) {
    case 'site':
    case 'window':
      return <SiteView host={null} />;
    case 'host':
      return <SiteView host={route.host} />;
    case 'domain':
      return (
        <DomainPage key={route.uuid} uuid={route.uuid} tab={route.tab} device={route.device} />
      );
    case 'consoles':
      return <ConsolesView uuids={route.uuids} />;
    case 'images':
      return <ImagesView />;
    case 'storage':
      return <StorageView chosen={route.pool} />;
    case 'networks':
      return <NetworksView />;
    case 'tasks':
      return <TasksView />;
    case 'events':
      return <EventsView />;
  }
}
