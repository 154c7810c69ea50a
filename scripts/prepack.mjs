// Before `npm pack`: what an installed `domus` runs.
import { ensureBuilt, ensurePackages, orExplain } from './setup.mjs';

orExplain(() => {
  ensurePackages();
  ensureBuilt('pages', ['renderer', 'shared'], 'build:renderer');
  ensureBuilt('program', ['main', 'shared'], 'build:main');
});
