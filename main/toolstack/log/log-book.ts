/** The daemon's log and one a domain, as files in the home folder and as streams. */
import { join } from 'node:path';
import type { LogLine } from '../../../shared/contract/index.ts';
import { Topic } from '../streams/topic.ts';
import { atLeast } from './line.ts';
import type { LogLevel } from './line.ts';
import { LogFile } from './log-file.ts';

const DAEMON_BYTES = 8 << 20;
const DOMAIN_BYTES = 1 << 20;
const WAITING_LINES = 5000;
const DEFAULT_LIMIT = 200;

/** `null` is the daemon's own log; otherwise a domain's UUID, which is also its file's name. */
type Subject = string | null;

interface Journal {
  file: LogFile;
  topic: Topic<LogLine>;
}

export interface LogQuery {
  level?: LogLevel | undefined;
  follow?: boolean | undefined;
  limit?: number | undefined;
}

export class LogBook {
  private readonly folder: string;
  private readonly least: LogLevel;
  private readonly journals = new Map<Subject, Journal>();

  /** Lines below `least` are not written. */
  constructor(folder: string, least: LogLevel) {
    this.folder = folder;
    this.least = least;
  }

  /** What is about a domain goes to its log; warnings and errors to the daemon's as well. */
  write(level: LogLevel, source: string, message: string, domain: string | null = null): void {
    if (!atLeast(level, this.least)) return;
    const line: LogLine = { timeMs: Date.now(), level, source, message };
    this.put(domain, line);
    if (domain !== null && atLeast(level, 'warning')) this.put(null, line);
  }

  /** The last lines, oldest first; with `follow` it goes on. Level `info` unless told. */
  read(
    subject: Subject,
    query: LogQuery,
    signal?: AbortSignal,
  ): AsyncGenerator<LogLine, void, void> {
    const wanted = (line: LogLine): boolean => atLeast(line.level, query.level ?? 'info');
    const { file, topic } = this.journal(subject);
    const limit = query.limit ?? DEFAULT_LIMIT;
    const past = file.read().filter(wanted).slice(-limit);
    return filter(query.follow ? topic.read(signal, past) : past, wanted);
  }

  /** Removes the log of a domain that is gone for good. */
  forget(uuid: string): void {
    const { file, topic } = this.journal(uuid);
    topic.close();
    file.remove();
    this.journals.delete(uuid);
  }

  close(): void {
    for (const { file, topic } of this.journals.values()) {
      topic.close();
      file.close();
    }
  }

  private put(subject: Subject, line: LogLine): void {
    const { file, topic } = this.journal(subject);
    file.write(line);
    topic.publish(line);
  }

  private journal(subject: Subject): Journal {
    let journal = this.journals.get(subject);
    if (!journal) {
      const [name, bytes] =
        subject === null
          ? (['domus.log', DAEMON_BYTES] as const)
          : ([`domain-${subject}.log`, DOMAIN_BYTES] as const);
      journal = {
        file: new LogFile(join(this.folder, name), bytes),
        topic: new Topic({ limit: WAITING_LINES, onGap: gap }),
      };
      this.journals.set(subject, journal);
    }
    return journal;
  }
}

function gap(dropped: number): LogLine {
  const message = `${dropped} lines were too many for this reader; they are in the file`;
  return { timeMs: Date.now(), level: 'warning', source: 'log', message };
}

async function* filter(
  lines: AsyncIterable<LogLine> | Iterable<LogLine>,
  wanted: (line: LogLine) => boolean,
): AsyncGenerator<LogLine, void, void> {
  for await (const line of lines) if (wanted(line)) yield line;
}
