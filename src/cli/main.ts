/** The command line: the same product without a page. */

import { imageOpNames } from '../catalog/image-ops';
import { messageOf } from '../core/message';
import { augment } from './augment';
import { bench } from './bench';
import { compare } from './compare';
import { Failure } from './failure';
import type { Output } from './output';
import { info, link, schedule } from './plan-commands';
import { predict } from './predict';
import { plan } from './step-plan';
import { train } from './train';

const HELP = `Usage: npm run -s tricklab -- COMMAND

  info [--model ID] [--classes K] [--size S] [EXPERIMENT]    parameters, multiply-adds, memory
  schedule EXPERIMENT                                        learning rate of every update
  plan EXPERIMENT [--data DIR] [--epoch E] [--step S]        images, mixing and targets of one batch, both from 0
  link EXPERIMENT [--base URL]                               the experiment as a link
  train EXPERIMENT [--data DIR] [--steps N] [--init F.safetensors] [--save F.safetensors [--ema]] [--out F.json]
        [--teacher F.safetensors [--teacher-model EXPERIMENT]]   distillation from trained weights
  compare EXPERIMENT --changes "key=value; key=value ..." [--seeds N] [--data DIR] [--teacher ...] [--out F.json]
                                                             does each change help, beyond noise, at what cost?
  predict --model ID --weights F.safetensors [--data DIR] [--split S] [--out F.json]
  bench [--quick] [--workloads A,B] [--runtime chromium|dawn] [--out F.json]
                                                             our trainer against stock tf.layers and jax-js
  augment --image F --ops JSON --out F                       image operations, in order

EXPERIMENT is a JSON file, a link (or its query string) or preset:NAME. Every command takes
--set key=value ... (the keys of links: mixup=on mixup.alpha=.2 data.size=32) and --json (the result as JSON on stdout).
--ema saves the moving average of the weights, which ema=on keeps.
train --teacher switches distillation on, and compare --changes distillation=on needs it. A file that was saved here says of
which model it is, others need --teacher-model.
DIR is a folder of WebDataset shards with an _info.json.
--ops is a list such as '["flip",{"op":"rotate","degrees":12}]', or a file of that. Operations, and what each takes:
${imageOpNames.map((words) => `  ${words}`).join('\n')}
`;

type Run = (argv: readonly string[], output: Output) => void | Promise<void>;

const commands: Record<string, Run> = { info, schedule, plan, link, train, compare, predict, bench, augment };

/** Runs a command; the exit code: 0, or 1 after one line on stderr that says what is wrong. */
export async function main(argv: readonly string[], output: Output): Promise<number> {
  const [name, ...rest] = argv;
  if (name === undefined || name === 'help' || name === '--help') {
    output.stdout(HELP);
    return name === undefined ? 1 : 0;
  }
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (!command) throw new Failure(`There is no command "${name}". There are: ${Object.keys(commands).join(', ')}.`);
    await command(rest, output);
    return 0;
  } catch (error) {
    const message = messageOf(error);
    output.stderr(`${message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
    // An error that is no mistake of the user's is a bug, and its place is wanted.
    if (!(error instanceof Failure) && process.env.TRICKLAB_DEBUG && error instanceof Error) {
      output.stderr(`${error.stack}\n`);
    }
    return 1;
  }
}
