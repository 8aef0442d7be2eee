/** The weights that this browser keeps: of runs, to be downloaded or to teach, and of files that a person brings. */
import { datasetOf, modelOf } from '../catalog/parts';
import { formatBytes, formatShare } from '../core/format';
import { messageOf, sentence } from '../core/message';
import { safetensorsMetadata } from '../core/safetensors';
import { numberOf } from '../experiment/plan';
import type { Experiment } from '../experiment/schema';
import { describeWeights, readHeaderTexts, unwrapWeights } from '../experiment/weights-fit';
import type { Checkpoint } from '../runs/checkpoints';
import type { Run } from '../runs/run';
import type { TeacherWeights } from '../trainer/protocol';
import type { LabPorts } from './ports';
import { type LabStore, notify } from './state';

/** A file of more bytes is not even read: the page would hold it three times while it looks. */
const MOST_IMPORTED = 500e6;

/** A file that a person brings, as the browser's File is. */
export interface WeightsFile {
  name: string;
  size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export interface Weights {
  /** Reads the list, without the weights of runs that are no more; `all` runs must be known for that. */
  load(runs: readonly Run[], someUnknown: boolean): Promise<void>;
  /** Reads the list again: another tab changed it. */
  refresh(): Promise<void>;
  /** Keeps the weights that a run ended with. */
  keepOfRun(run: Run, weights: ArrayBuffer): Promise<void>;
  /**
   * Keeps the weights of a safetensors file, which must fit the model that it names, or else the one of the experiment. Resolves
   * to their id; rejects in words.
   */
  bring(file: WeightsFile): Promise<string>;
  /** Removes weights: with their run, or an import that is not wanted any more. */
  remove(id: string): Promise<void>;
  /** The safetensors file, with timm's names; undefined, and a notice, if it is gone. */
  take(id: string, name: string): Promise<ArrayBuffer | undefined>;
  /** Why an experiment can't be trained for want of a teacher, in words for a person; undefined if it can. */
  teacherProblem(experiment: Experiment): string | undefined;
  /** The teacher of an experiment, undefined if it asks for none. Rejects in words if it is not kept any more. */
  teacherOf(experiment: Experiment): Promise<TeacherWeights | undefined>;
}

export function createWeights(store: LabStore, { storage, clock, tabs }: LabPorts): Weights {
  const kept = storage.checkpoints;
  const say = (title: string, message: string) => notify(store, { kind: 'weights', grave: false, title, message });
  const find = (id: string) => store.getState().checkpoints.find((checkpoint) => checkpoint.id === id);
  const sayRefused = (error: unknown) =>
    say('Weights are not kept.', `This browser refused to store them (${messageOf(error)}): no run can teach another.`);

  async function list(): Promise<void> {
    const { checkpoints } = await kept.list();
    store.setState({ checkpoints });
  }

  async function changed(): Promise<void> {
    await list();
    tabs.tell({ type: 'weights-changed' });
  }

  async function keep(checkpoint: Checkpoint, weights: ArrayBuffer): Promise<void> {
    const gone = await kept.keep(checkpoint, weights);
    if (gone.length) {
      const names = gone.map(({ name, bytes }) => `${name} (${formatBytes(bytes)})`).join(', ');
      say(
        'Older weights were removed.',
        `To keep those of ${checkpoint.name}, the least used had to go: ${names}. Their runs and curves stay.`,
      );
    }
    await changed();
  }

  const idOf = ({ options }: Experiment) => String(options.distillation?.teacher ?? '');

  return {
    async load(runs, someUnknown) {
      try {
        const { checkpoints, unreadable } = await kept.list();
        const known = new Set(runs.map(({ id }) => id));
        const gone = someUnknown ? [] : checkpoints.filter(({ source, id }) => source === 'run' && !known.has(id));
        for (const { id } of gone) await kept.remove(id);
        store.setState({ checkpoints: checkpoints.filter((one) => !gone.includes(one)) });
        if (unreadable > 0) {
          say(
            'Some kept weights could not be read.',
            `${unreadable} of them were kept by another version of Tricklab or are damaged. They stay stored as they are, and can't teach here.`,
          );
        }
      } catch (error) {
        sayRefused(error);
      }
    },
    async refresh() {
      try {
        await list();
      } catch (error) {
        sayRefused(error);
      }
    },
    async keepOfRun(run, weights) {
      try {
        const network = readHeaderTexts(safetensorsMetadata(weights));
        if (!network) throw new Error('They do not say what they are of.');
        const { top1 } = run.summary;
        const now = clock.now();
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
        say(`The weights of ${run.name} were not kept.`, sentence(messageOf(error)));
      }
    },
    async bring(file) {
      if (file.size > MOST_IMPORTED) {
        const most = formatBytes(MOST_IMPORTED);
        throw new Error(`${file.name} has ${formatBytes(file.size)}; at most ${most} can be read.`);
      }
      const { file: weights, prefix } = unwrapWeights(await file.arrayBuffer());
      const { experiment } = store.getState();
      const { model, options } = experiment;
      const size = numberOf(experiment, 'data', 'size');
      const network = describeWeights(weights, { model, options: options[model] ?? {}, size });
      if (prefix !== '') say('A prefix was left out.', `All names in ${file.name} began with ${prefix}`);
      const name = file.name.replace(/\.safetensors$/i, '').slice(0, 40);
      const now = clock.now();
      const id = `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${now.toString(36)}`;
      await keep({ ...network, id, name, source: 'file', bytes: weights.byteLength, created: now, used: now }, weights);
      return id;
    },
    async remove(id) {
      try {
        await kept.remove(id);
        await changed();
      } catch (error) {
        sayRefused(error);
      }
    },
    async take(id, name) {
      try {
        const weights = await kept.weights(id);
        if (!weights) say(`The weights of ${name} are gone.`, 'They were removed, perhaps in another tab.');
        await list();
        return weights;
      } catch (error) {
        say(`The weights of ${name} can't be read.`, sentence(messageOf(error)));
        return undefined;
      }
    },
    teacherProblem(experiment) {
      if (!experiment.on.distillation) return undefined;
      const id = idOf(experiment);
      const cure = 'Choose another under Loss, or switch distillation off.';
      if (id === '')
        return 'Distillation is on, and no teacher is chosen. Choose one under Loss, or switch distillation off.';
      const checkpoint = find(id);
      if (!checkpoint) return `This browser keeps no weights called “${id}”. ${cure}`;
      const { classes, label } = datasetOf(experiment.dataset);
      // What is in shards from a link is known when their index is read.
      if (experiment.dataset !== 'wds' && checkpoint.classes !== classes) {
        return `The teacher ${checkpoint.name} tells ${checkpoint.classes} classes apart, ${label} has ${classes}. ${cure}`;
      }
      return undefined;
    },
    async teacherOf(experiment) {
      if (!experiment.on.distillation) return undefined;
      const id = idOf(experiment);
      const weights = await kept.weights(id);
      const checkpoint = find(id);
      if (!weights || !checkpoint) throw new Error(`The weights of the teacher “${id}” are not kept any more.`);
      await list();
      return { model: checkpoint.model, options: checkpoint.options, weights };
    },
  };
}

/** 'wise-fern · ResNet-50-vd · 77.5 %'. */
export const checkpointWords = ({ model, top1 }: Checkpoint, name: string): string =>
  [name, modelOf(model).label, ...(top1 === undefined ? [] : [formatShare(top1)])].join(' · ');
