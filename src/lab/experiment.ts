/** The experiment on the form. It lives in the address: every edit is written there, and back and forward are followed. */
import type { OptionValue } from '../catalog/define';
import { changedKeys } from '../experiment/changes';
import { type Choice, type Experiment, switchTrick } from '../experiment/schema';
import { fromLink, MAX_LINK_LENGTH, toLink } from '../experiment/url';
import type { Run } from '../runs/run';
import { type ForeignData, unreadForeignData } from './foreign-data';
import type { LabPorts } from './ports';
import { pristine } from './pristine';
import { dismiss, type LabState, type LabStore, type Notice, notify } from './state';

export interface ExperimentActions {
  /** Replaces the experiment; control names what was touched, so that a row of edits of one control is one step back. */
  change(experiment: Experiment, control: string): void;
  setSeed(seed: number): void;
  choose(choice: Choice, id: string): void;
  /** Switches a trick; switching on switches off what it excludes. */
  toggle(trick: string, on: boolean): void;
  /** The value must be in the range of the option's control. */
  setOption(part: string, option: string, value: OptionValue): void;
  /** Puts the switch and the options of a part back to those of the default experiment. */
  reset(part: string): void;
  /** Puts the settings of a run on the form, or says why it can't. */
  loadSettings(run: Run): void;
  /** Makes weights the teacher of the experiment. */
  chooseTeacher(id: string): void;
  /** Allows to read the data at an address of another site. */
  readDataFrom(address: string): void;
  /** Replaces the experiment without a step of history: nobody took it. */
  suggest(experiment: Experiment): void;
}

/** Edits of one control within this time are one step of history. */
const ONE_EDIT_MS = 1500;

/** Half of a character that takes two: no address can hold it. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The query string that says an experiment, or why none can. */
function linkOf(experiment: Experiment): { query: string; problem?: never } | { problem: string; query?: never } {
  if (LONE_SURROGATE.test(Object.values(changedKeys(experiment, pristine)).join(' '))) {
    return {
      problem: 'It holds half of a character (a lone surrogate), which no link can say. The edit was not taken.',
    };
  }
  const query = toLink(experiment);
  if (query.length > MAX_LINK_LENGTH) {
    return {
      problem:
        `The link to these settings would have ${query.length.toLocaleString('en')} characters; at most ` +
        `${MAX_LINK_LENGTH.toLocaleString('en')} can be opened again. The edit was not taken: shorten it.`,
    };
  }
  return { query };
}

/** Says whose data a link asks for; the press that reads them stands beside it. */
export const foreignDataNotice = (foreign: ForeignData): Notice => ({
  kind: 'foreign-data',
  grave: false,
  title: `This link asks for data from ${foreign.host}.`,
  message:
    'Nothing was asked of that site yet. Reading the data tells it that you are here; its images stay in this browser.',
  remedy: { readDataFrom: foreign },
});

/** The other site that the notice shown speaks of. */
const askedFor = ({ notices }: LabState): string | undefined => {
  const remedy = notices.find(({ kind }) => kind === 'foreign-data')?.remedy;
  return typeof remedy === 'object' ? remedy.readDataFrom.address : undefined;
};

export function createExperimentActions(store: LabStore, { address, clock }: LabPorts): ExperimentActions {
  let last = { control: '', at: Number.NEGATIVE_INFINITY };
  const edit = (make: (experiment: Experiment) => Experiment, control: string) =>
    actions.change(make(store.getState().experiment), control);

  const actions: ExperimentActions = {
    change(experiment, control) {
      const { query, problem } = linkOf(experiment);
      if (problem !== undefined) {
        store.setState({ refused: { control, message: problem } });
        return;
      }
      store.setState({ experiment, refused: undefined });
      if (askedFor(store.getState()) !== unreadForeignData(experiment, store.getState())?.address) {
        dismiss(store, 'foreign-data');
      }
      const at = clock.elapsed();
      const same = last.control === control && at - last.at < ONE_EDIT_MS;
      last = { control, at };
      address.write(query, same ? 'replace' : 'push');
    },
    setSeed: (seed) => edit((experiment) => ({ ...experiment, seed }), 'seed'),
    choose: (choice, id) => edit((experiment) => ({ ...experiment, [choice]: id }), choice),
    toggle: (trick, on) => edit((experiment) => switchTrick(experiment, trick, on), trick),
    setOption: (part, option, value) =>
      edit((experiment) => withOption(experiment, part, option, value), `${part}.${option}`),
    reset: (part) =>
      edit((experiment) => {
        const back = { ...experiment, options: { ...experiment.options, [part]: pristine.options[part] ?? {} } };
        const on = pristine.on[part];
        return on === undefined ? back : switchTrick(back, part, on);
      }, part),
    loadSettings({ id, name, experiment, unreadable }) {
      dismiss(store, 'settings');
      if (experiment) {
        actions.change(experiment, `load ${id}`);
        askForData(experiment);
        return;
      }
      notify(store, {
        kind: 'settings',
        grave: false,
        title: `The settings of ${name} can't be loaded.`,
        message: `Another version of Tricklab kept them, and this one does not have all they name. ${unreadable ?? ''}`,
      });
    },
    chooseTeacher: (id) =>
      edit(
        (experiment) => withOption(switchTrick(experiment, 'distillation', true), 'distillation', 'teacher', id),
        `teacher ${id}`,
      ),
    readDataFrom(address) {
      store.setState(({ mayRead }) => ({ mayRead: [...mayRead, address] }));
      dismiss(store, 'foreign-data');
    },
    suggest(experiment) {
      address.write(toLink(experiment), 'replace');
      store.setState({ experiment });
    },
  };

  const askForData = (experiment: Experiment) => {
    dismiss(store, 'foreign-data');
    const foreign = unreadForeignData(experiment, store.getState());
    if (foreign) notify(store, foreignDataNotice(foreign));
  };

  const follow = () => {
    const { experiment, problems, unread } = fromLink(address.read());
    store.setState({ experiment, refused: undefined });
    dismiss(store, 'link');
    askForData(experiment);
    if (problems.length === 0) return;
    notify(store, {
      kind: 'link',
      grave: unread,
      title: unread
        ? "This link can't be read; the default experiment was opened instead."
        : 'Of this link not all was taken: what is named here was ignored and keeps its default.',
      message: '',
      problems,
    });
  };
  follow();
  address.onReturn(() => {
    last = { control: '', at: Number.NEGATIVE_INFINITY };
    follow();
  });
  return actions;
}

const withOption = (experiment: Experiment, part: string, option: string, value: OptionValue): Experiment => ({
  ...experiment,
  options: { ...experiment.options, [part]: { ...experiment.options[part], [option]: value } },
});
