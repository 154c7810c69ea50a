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
  `
  -- A disk's content may be a volume or a network block device, not only a file.
  UPDATE domains SET disks = (
    SELECT json_group_array(
      json_remove(json_set(value, '$.source', value ->> 'path', '$.onError', 'pause'), '$.path')
    ) FROM json_each(domains.disks)
  );

  CREATE TABLE pools (
    name TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    host TEXT REFERENCES hosts (name),
    path TEXT NOT NULL UNIQUE,
    created_at_ms REAL NOT NULL
  ) STRICT;

  -- number: names the network on the links between hosts, never used again.
  CREATE TABLE networks (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    subnet TEXT NOT NULL UNIQUE,
    mtu INTEGER NOT NULL,
    reaches_machine INTEGER NOT NULL,
    created_at_ms REAL NOT NULL
  ) STRICT;

  -- The interfaces of a domain, with the address that each keeps.
  CREATE TABLE interfaces (
    domain TEXT NOT NULL REFERENCES domains (uuid) ON DELETE CASCADE,
    handle INTEGER NOT NULL,
    network TEXT NOT NULL REFERENCES networks (name),
    mac TEXT NOT NULL UNIQUE,
    address TEXT NOT NULL,
    link_up INTEGER NOT NULL,
    send_limit REAL,
    receive_limit REAL,
    access TEXT NOT NULL,
    PRIMARY KEY (domain, handle),
    UNIQUE (network, address)
  ) STRICT;

  CREATE TABLE forwards (
    protocol TEXT NOT NULL,
    port INTEGER NOT NULL,
    domain TEXT NOT NULL REFERENCES domains (uuid) ON DELETE CASCADE,
    handle INTEGER NOT NULL,
    to_port INTEGER NOT NULL,
    PRIMARY KEY (protocol, port)
  ) STRICT;
  `,
  `ALTER TABLE hosts ADD COLUMN loss_percent REAL NOT NULL DEFAULT 0;`,
  `ALTER TABLE hosts ADD COLUMN drained INTEGER NOT NULL DEFAULT 0;`,
  `
  -- The right of a standby to succeed a domain, once that one's worker is gone.
  CREATE TABLE protections (
    uuid TEXT PRIMARY KEY REFERENCES domains (uuid) ON DELETE CASCADE,
    source TEXT NOT NULL REFERENCES hosts (name),
    standby TEXT NOT NULL REFERENCES hosts (name),
    since_ms REAL NOT NULL
  ) STRICT;
  `,
  `
  -- POOL/VOLUME of what is to be deleted: unfinished copies of disks, and what was copied from.
  CREATE TABLE doomed_volumes (source TEXT PRIMARY KEY) STRICT;
  `,
  `
  -- What was measured of each move; moves says only who runs a domain meanwhile.
  CREATE TABLE move_history (
    id TEXT PRIMARY KEY,
    domain TEXT NOT NULL REFERENCES domains (uuid) ON DELETE CASCADE,
    started_at_ms REAL NOT NULL,
    state TEXT NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX move_history_of_domains ON move_history (domain, started_at_ms);
  `,
  `
  -- Points that a domain can go back to. is_whole: its memory is in its file. is_current: the domain
  -- goes on from it. disks: as they were, never written since.
  CREATE TABLE checkpoints (
    id TEXT PRIMARY KEY,
    domain TEXT NOT NULL REFERENCES domains (uuid) ON DELETE CASCADE,
    parent TEXT REFERENCES checkpoints (id) DEFERRABLE INITIALLY DEFERRED,
    label TEXT NOT NULL,
    created_at_ms REAL NOT NULL,
    bytes REAL NOT NULL,
    disks TEXT NOT NULL,
    picture TEXT,
    is_whole INTEGER NOT NULL,
    is_current INTEGER NOT NULL
  ) STRICT;

  -- Overlays that checkpoints made: they go when nothing needs them.
  CREATE TABLE layers (
    source TEXT PRIMARY KEY,
    domain TEXT NOT NULL REFERENCES domains (uuid) ON DELETE CASCADE
  ) STRICT;
  `,
];
