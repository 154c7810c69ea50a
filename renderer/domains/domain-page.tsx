import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components';
import { type DomainTab, DOMAIN_TABS, openDomain } from '../app/route.ts';
import { CheckpointsTab } from '../checkpoints/checkpoints-tab.tsx';
import { ConsolePane } from '../console/console-pane.tsx';
import { Empty } from '../design/empty.tsx';
import { useDocumentTitle } from '../app/document-title.ts';
import { MovesTab } from '../moves/moves-tab.tsx';
import { useDomain } from '../site/queries.ts';
import { DevicesTab } from '../devices/devices-tab.tsx';
import { DomainHeader } from './domain-header.tsx';
import styles from './domain-page.module.css';
import { OverviewTab } from './overview-tab.tsx';
import { PerformanceTab } from './performance-tab.tsx';
import { XenTab } from './xen-tab.tsx';

const TAB_NAMES: Record<DomainTab, string> = {
  console: 'Console',
  overview: 'Overview',
  performance: 'Performance',
  devices: 'Devices',
  moves: 'Moves',
  checkpoints: 'Checkpoints',
  xen: 'Xen',
};

interface Props {
  readonly uuid: string;
  readonly tab: DomainTab;
  /** On the devices' tab. */
  readonly device: string | undefined;
}

/** One domain: its header, and its console first. Only the tab that is seen exists. */
export function DomainPage({ uuid, tab, device }: Props) {
  const domain = useDomain(uuid);
  useDocumentTitle(domain?.name);
  if (domain === undefined) {
    return (
      <Empty icon="host" title="There is no such domain">
        <p>
          It was deleted, perhaps. A deletion can be taken back in <a href="#/tasks">Tasks</a>.
        </p>
        <a href="#/">Go to the site</a>
      </Empty>
    );
  }
  return (
    <article className={styles.page} aria-label={domain.name}>
      <DomainHeader domain={domain} />
      <Tabs
        className={styles.tabs!}
        selectedKey={tab}
        onSelectionChange={(key) => openDomain(uuid, key as DomainTab)}
      >
        <TabList aria-label="Parts of the domain" className={styles.list!}>
          {DOMAIN_TABS.map((id) => (
            <Tab key={id} id={id} className={styles.tab!}>
              {TAB_NAMES[id]}
            </Tab>
          ))}
        </TabList>
        <TabPanel id="console" className={styles.panel!}>
          <ConsolePane domain={domain} />
        </TabPanel>
        <TabPanel id="overview" className={`${styles.panel} ${styles.scrolls}`}>
          <OverviewTab domain={domain} />
        </TabPanel>
        <TabPanel id="performance" className={`${styles.panel} ${styles.scrolls}`}>
          <PerformanceTab domain={domain} />
        </TabPanel>
        <TabPanel id="devices" className={styles.panel!}>
          <DevicesTab domain={domain} device={device} />
        </TabPanel>
        <TabPanel id="checkpoints" className={`${styles.panel} ${styles.scrolls}`}>
          <CheckpointsTab domain={domain} />
        </TabPanel>
        <TabPanel id="moves" className={styles.panel!}>
          <MovesTab domain={domain} />
        </TabPanel>
        <TabPanel id="xen" className={`${styles.panel} ${styles.scrolls}`}>
          <XenTab domain={domain} />
        </TabPanel>
      </Tabs>
    </article>
  );
}
