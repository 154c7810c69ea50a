/**
 * The database's shape, as the steps that made it. A step that was released is never changed;
 * `PRAGMA user_version` counts those that were taken.
 */
export const SCHEMA_STEPS: readonly string[] = [
  `
  CREATE TABLE hosts (
    name TEXT PRIMARY KEY,
    domain0_uuid TEXT NOT NULL,
    memory_kib INTEGER NOT NULL,
    domain0_kib INTEGER NOT NULL,
    pcpus INTEGER NOT NULL,
    bandwidth_bytes_per_second REAL NOT NULL,
    latency_ms REAL NOT NULL,
    created_at_ms REAL NOT NULL
  ) STRICT;

  -- What a person configured, and how its last life ended. running_domid is not null while it has
  -- a life: what a killed program leaves there says what was running.
  CREATE TABLE domains (
    uuid TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    host TEXT NOT NULL REFERENCES hosts (name),
    image TEXT NOT NULL,
    vcpus INTEGER NOT NULL,
    memory_kib INTEGER NOT NULL,
    max_memory_kib INTEGER NOT NULL,
    boot TEXT NOT NULL,
    on_poweroff TEXT NOT NULL,
    on_reboot TEXT NOT NULL,
    on_crash TEXT NOT NULL,
    created_at_ms REAL NOT NULL,
    deleted_at_ms REAL,
    running_domid INTEGER,
    ended_as TEXT NOT NULL,
    reason TEXT,
    was_running INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX domain_names ON domains (name) WHERE deleted_at_ms IS NULL;

  CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    started_at_ms REAL NOT NULL,
    state TEXT NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX tasks_by_start ON tasks (started_at_ms);

  CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time_ms REAL NOT NULL,
    severity TEXT NOT NULL,
    kind TEXT NOT NULL,
    message TEXT NOT NULL,
    domain TEXT,
    host TEXT
  ) STRICT;

  -- Who runs a domain that moves: 'sending' = the source, 'committed' = the target.
  CREATE TABLE moves (
    uuid TEXT PRIMARY KEY REFERENCES domains (uuid),
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    phase TEXT NOT NULL,
    started_at_ms REAL NOT NULL
  ) STRICT;

  CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT;
  `,
  `ALTER TABLE domains ADD COLUMN disks TEXT NOT NULL DEFAULT '[]';`,
];
