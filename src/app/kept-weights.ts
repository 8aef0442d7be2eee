/** The weights that this browser keeps: of runs, to be downloaded or to teach, and of files that a person brings. */
import { create } from 'zustand';
import { datasetOf, modelOf } from '../catalog/parts';
import { messageOf } from '../core/message';
import { safetensorsMetadata } from '../core/safetensors';
import { numberOf } from '../experiment/plan';
import { type Experiment, switchTrick } from '../experiment/schema';
import { describeWeights, readHeaderTexts, unwrapWeights } from '../experiment/weights-fit';
import { type Checkpoint, type CheckpointStore, openCheckpointStore } from '../runs/checkpoints';
import type { Run } from '../runs/store';
import type { TeacherWeights } from '../trainer/protocol';
import { formatBytes } from './format';
import { saveFile } from './save-file';
import { useExperiment } from './state';

/** A file of more bytes is not even read: the page would hold it three times while it looks. */
const MOST_IMPORTED = 500e6;

interface KeptWeights {
  /** Newest first. */
  checkpoints: Checkpoint[];
  /** What a person must know of them: what was removed, what could not be kept, why training can't start. */
  notice: { title: string; message: string } | undefined;
}

export const useKeptWeights = create<KeptWeights>()(() => ({ checkpoints: [], notice: undefined }));

let store: CheckpointStore | undefined;

export const notify = (title: string, message: string) => useKeptWeights.setState({ notice: { title, message } });

const find = (id: string) => useKeptWeights.getState().checkpoints.find((checkpoint) => checkpoint.id === id);

/** Opens the store, without the weights of runs that are no more. Call once, with all runs. */
export async function loadWeights(runs: readonly Run[]): Promise<void> {
  try {
    store = await openCheckpointStore();
    const known = new Set(runs.map(({ id }) => id));
    const gone = (await store.list()).filter(({ source, id }) => source === 'run' && !known.has(id));
    for (const { id } of gone) await store.remove(id);
    await refresh();
  } catch (error) {
    notify(
      'Weights are not kept.',
      `This browser refused to store them (${messageOf(error)}): no run can teach another.`,
    );
  }
}

async function refresh(): Promise<void> {
  if (store) useKeptWeights.setState({ checkpoints: await store.list() });
}

async function keep(checkpoint: Checkpoint, weights: ArrayBuffer): Promise<void> {
  if (!store) throw new Error('This browser keeps no weights.');
  const gone = await store.keep(checkpoint, weights);
  if (gone.length) {
    const names = gone.map(({ name, bytes }) => `${name} (${formatBytes(bytes)})`).join(', ');
    notify(
      'Older weights were removed.',
      `To keep those of ${checkpoint.name}, the least used had to go: ${names}. Their runs and curves stay.`,
    );
  }
  await refresh();
}

/** Keeps the weights that a run ended with. */
export async function keepRunWeights(run: Run, weights: ArrayBuffer): Promise<void> {
  try {
    const network = readHeaderTexts(safetensorsMetadata(weights));
    if (!network) throw new Error('They do not say what they are of.');
    const { top1 } = run.summary;
    const now = Date.now();
    await keep(
      {
        ...network,
        id: run.id,
        name: run.name,
        source: 'run',
        ...(top1 !== undefined && { top1 }),
        bytes: weights.byteLength,
        created: now,
        used: now,
      },
      weights,
    );
  } catch (error) {
    notify(`The weights of ${run.name} were not kept.`, messageOf(error));
  }
}

/**
 * Keeps the weights of a safetensors file, which must fit the model that it names, or else the one of the experiment. Resolves to
 * their id; rejects in words.
 */
export async function importWeights(file: File): Promise<string> {
  if (file.size > MOST_IMPORTED) {
    throw new Error(`${file.name} has ${formatBytes(file.size)}; at most ${formatBytes(MOST_IMPORTED)} can be read.`);
  }
  const { file: weights, prefix } = unwrapWeights(await file.arrayBuffer());
  const { experiment } = useExperiment.getState();
  const { model, options } = experiment;
  const size = numberOf(experiment, 'data', 'size');
  const network = describeWeights(weights, { model, options: options[model] ?? {}, size });
  if (prefix !== '') notify('A prefix was left out.', `All names in ${file.name} began with ${prefix}`);
  const name = file.name.replace(/\.safetensors$/i, '').slice(0, 40);
  const now = Date.now();
  const id = `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${now.toString(36)}`;
  await keep({ ...network, id, name, source: 'file', bytes: weights.byteLength, created: now, used: now }, weights);
  return id;
}

/** Removes weights: with their run, or an import that is not wanted any more. */
export async function removeWeights(id: string): Promise<void> {
  await store?.remove(id);
  await refresh();
}

/** Saves weights as a file, with timm's names. */
export async function downloadWeights({ id, name }: Pick<Checkpoint, 'id' | 'name'>): Promise<void> {
  const weights = await store?.weights(id);
  if (weights) saveFile(`tricklab-${name}.safetensors`, weights, 'application/octet-stream');
  else notify(`The weights of ${name} are gone.`, 'They were removed, perhaps in another tab.');
  await refresh();
}

/** Makes weights the teacher of the experiment. */
export function chooseTeacher(id: string): void {
  const { experiment, change } = useExperiment.getState();
  const on = switchTrick(experiment, 'distillation', true);
  const options = { ...on.options, distillation: { ...on.options.distillation, teacher: id } };
  change({ ...on, options }, `teacher ${id}`);
}

/** Why an experiment can't be trained for want of a teacher, in words for a person; undefined if it can. */
export function teacherProblem({ on, options, dataset }: Experiment): string | undefined {
  if (!on.distillation) return undefined;
  const id = String(options.distillation?.teacher ?? '');
  const cure = 'Choose another under Loss, or switch distillation off.';
  if (id === '')
    return 'Distillation is on, and no teacher is chosen. Choose one under Loss, or switch distillation off.';
  const checkpoint = find(id);
  if (!checkpoint) return `This browser keeps no weights called “${id}”. ${cure}`;
  const { classes, label } = datasetOf(dataset);
  // What is in shards from a link is known when their index is read.
  if (dataset !== 'wds' && checkpoint.classes !== classes) {
    return `The teacher ${checkpoint.name} tells ${checkpoint.classes} classes apart, ${label} has ${classes}. ${cure}`;
  }
  return undefined;
}

/** The teacher of an experiment, undefined if it asks for none. Rejects in words if it is not kept any more. */
export async function teacherOf({ on, options }: Experiment): Promise<TeacherWeights | undefined> {
  if (!on.distillation) return undefined;
  const id = String(options.distillation?.teacher ?? '');
  const weights = await store?.weights(id);
  const checkpoint = find(id);
  if (!weights || !checkpoint) throw new Error(`The weights of the teacher “${id}” are not kept any more.`);
  await refresh();
  return { model: checkpoint.model, options: checkpoint.options, weights };
}

/** 'wise-fern · ResNet-50-vd · 77.5 %'. */
export const checkpointWords = ({ model, top1 }: Checkpoint, name: string): string =>
  [name, modelOf(model).label, ...(top1 === undefined ? [] : [`${(100 * top1).toFixed(1)} %`])].join(' · ');
