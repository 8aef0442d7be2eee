/** The fault server for tests that run in a browser: commands that Vitest runs in Node. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BrowserCommand } from 'vitest/node';
import { type Fault, type FaultServer, startFaultServer } from './fault-server.ts';

const servers: FaultServer[] = [];

/** Serves a folder of the checkout, of each file the first requests with the faults; resolves to the folder's address. */
export const withFaults: BrowserCommand<[folder: string, faults?: Record<string, Fault[]>]> = async (
  { project },
  folder,
  faults = {},
) => {
  const path = join(project.config.root, folder);
  const files = new Map(readdirSync(path).map((name) => [name, new Uint8Array(readFileSync(join(path, name)))]));
  const server = await startFaultServer(files, faults);
  servers.push(server);
  return server.url;
};

export const stopFaultServers: BrowserCommand<[]> = async () => {
  for (const server of servers.splice(0)) server.close();
};

declare module 'vitest/browser' {
  interface BrowserCommands {
    withFaults(folder: string, faults?: Record<string, Fault[]>): Promise<string>;
    stopFaultServers(): Promise<void>;
  }
}
