import type { SiteParts } from '../site-parts.ts';

/** What of the site pools and volumes need. */
export type StorageParts = Pick<
  SiteParts,
  'store' | 'storage' | 'poolViews' | 'domains' | 'events' | 'tasks'
>;
