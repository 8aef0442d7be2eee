/** Runs one job in the command line's page. */
import { Failure } from './failure';
import { withHeadlessPage } from './headless-page';
import type { Job, PageEvent } from './job';
import { type JobFiles, serveJobFiles } from './job-files';

/**
 * Runs the job to its end. Resolves to the trained weights, if it returned any; rejects with a Failure for what went wrong in
 * the run. Whatever happens, browser and server are gone afterwards.
 */
export async function runJob(
  job: Job,
  files: Omit<JobFiles, 'onWeights'>,
  onEvent: (event: PageEvent) => void,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  let trained: Uint8Array<ArrayBuffer> | undefined;
  const onWeights = (posted: Uint8Array) => {
    trained = new Uint8Array(posted);
  };
  // Weights go over the server as bytes: as JSON they would be ten times the size.
  const returns = job.command === 'start' && job.options.returnWeights;
  const { path, handler } = serveJobFiles({ ...files, ...(returns && { onWeights }) });
  const source = {
    path: 'src/cli/page.html',
    entries: ['src/cli/page.ts', 'src/trainer/worker.ts', 'src/data/worker.ts'],
    handlers: [handler],
  };
  const at = { path, data: files.data !== undefined, weights: files.weights !== undefined };
  await withHeadlessPage(source, async (page) => {
    await page.exposeFunction('report', onEvent);
    await page.waitForFunction('window.runJob !== undefined');
    const failure = await page.evaluate(
      ([asked, given]) =>
        window.runJob(asked, given).then(
          () => undefined,
          (error: Error) => error.message,
        ),
      [job, at] as const,
    );
    if (failure !== undefined) throw new Failure(failure);
  });
  return trained;
}
