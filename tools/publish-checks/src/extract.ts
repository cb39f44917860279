import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CompilerState,
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  type ExtractorMessage,
  ExtractorMessageCategory,
  type IConfigFile,
} from '@microsoft/api-extractor';
import type ts from 'typescript-api';
import type { Consumer } from './consumer.ts';
import { type EntryPoint, entryPoints } from './entry-points.ts';

/** What API Extractor makes of the packages that a consumer has. */
export interface Extracted {
  readonly entries: readonly EntryPoint[];
  /** The report of each entry point, by its name. */
  readonly reports: ReadonlyMap<string, string>;
  readonly findings: readonly Finding[];
  /** All declarations in one program, for whoever wants more than the report. */
  readonly program: ts.Program;
}

export interface Finding {
  /** Such as `sync-http`. */
  readonly report: string;
  /** Such as `ae-forgotten-export`. */
  readonly id: string;
  readonly text: string;
}

/** Runs API Extractor for all entry points. They share one program: reading declarations takes most of the time. */
export function extract(consumer: Consumer): Extracted {
  const folder = join(consumer.folder, 'reports');
  mkdirSync(folder);
  const entries = entryPoints(consumer);
  const configs = entries.map((entry) => configOf(consumer, entry, folder));
  const [first] = configs;
  if (first === undefined) throw new Error('There is no package with an entry point.');
  const compilerState = CompilerState.create(first, {
    additionalEntryPoints: entries.map((entry) => entry.declarations),
  });
  const findings: Finding[] = [];
  const reports = new Map<string, string>();
  for (const [i, config] of configs.entries()) {
    const report = entries[i]?.report ?? '';
    const messageCallback = (message: ExtractorMessage) => {
      const counts =
        message.category !== ExtractorMessageCategory.Console &&
        message.logLevel !== ExtractorLogLevel.None;
      if (counts) findings.push({ report, id: message.messageId, text: message.text });
      message.handled = true;
    };
    Extractor.invoke(config, { compilerState, localBuild: true, messageCallback });
    reports.set(report, readFileSync(join(folder, `${report}.api.md`), 'utf8'));
  }
  // `CompilerState` says that it is one; it leaves the type open for the sake of other compilers.
  return { entries, reports, findings, program: compilerState.program as ts.Program };
}

function configOf(consumer: Consumer, entry: EntryPoint, reportFolder: string): ExtractorConfig {
  const projectFolder = consumer.folderOf(entry.package);
  const report = { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: false };
  const none = { logLevel: ExtractorLogLevel.None };
  const configObject: IConfigFile = {
    projectFolder,
    mainEntryPointFilePath: entry.declarations,
    newlineKind: 'lf',
    compiler: {
      overrideTsconfig: {
        compilerOptions: {
          target: 'es2025',
          lib: ['es2025', 'dom', 'esnext.temporal', 'esnext.disposable'],
          module: 'nodenext',
          types: ['node'],
          strict: true,
          skipLibCheck: true,
        },
        files: [entry.declarations],
      },
    },
    apiReport: {
      enabled: true,
      reportFileName: `${entry.report}.api.md`,
      reportFolder,
      reportTempFolder: join(reportFolder, 'new'),
    },
    docModel: { enabled: false },
    dtsRollup: { enabled: false },
    tsdocMetadata: { enabled: false },
    messages: {
      compilerMessageReporting: { default: report },
      tsdocMessageReporting: { default: report },
      extractorMessageReporting: {
        default: report,
        // Everything that an entry point exports is public; there are no alpha, beta or internal names to tell from it.
        'ae-missing-release-tag': none,
        // A name that says it all has no comment; the report marks it "(undocumented)".
        'ae-undocumented': none,
      },
    },
  };
  return ExtractorConfig.prepare({
    configObject,
    configObjectFullPath: undefined,
    packageJsonFullPath: join(projectFolder, 'package.json'),
  });
}
