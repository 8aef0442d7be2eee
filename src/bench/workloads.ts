/** What the benchmark trains: networks over the tensor layer, so that every contender builds the very same one. */
import { plainModel } from '../catalog/define';
import { cmtTiny } from '../catalog/models/cmt';
import { resnet50Vd } from '../catalog/models/resnet';
import { rng } from '../core/rng';
import type { Layers } from '../engine/ops';
import { countingLayers } from '../experiment/shape-layers';

export type WorkloadId = 'residual' | 'resnet-vd' | 'resnet50-vd' | 'cmt' | 'resnet50-vd-224';

export interface Workload {
  batch: number;
  /** Side of the images, pixels. */
  size: number;
  classes: number;
  /** At which the loss falls from the first steps on. */
  lr: number;
  /** x [batch, size, size, 3] -> logits [batch, classes]. */
  forward<T>(nn: Layers<T>, x: T): T;
}

const CHANNELS = 16;

/** Five residual 3x3 convolutions with batch norm and ReLU, between a 1x1 convolution and a linear classifier. */
function residual<T>(nn: Layers<T>, image: T, classes: number): T {
  let x = nn.conv(image, 'stem', { out: CHANNELS, kernel: 1 });
  for (const i of [1, 2, 3, 4, 5]) {
    const y = nn.conv(x, `conv${i}`, { out: CHANNELS, kernel: 3, padding: 1 });
    x = nn.batchNorm(y, `bn${i}`, { relu: true }, x);
  }
  return nn.linear(nn.globalAvgPool(x), 'fc', { out: classes });
}

const resnet = (batch: number, size: number, classes: number, lr: number, options: object = {}): Workload => {
  const chosen = resnet50Vd.options.parse(options);
  return {
    batch,
    size,
    classes,
    lr,
    forward: (nn, x) => resnet50Vd.forward(nn, x, chosen, { ...plainModel, classes, size }),
  };
};

const CMT_SIZE = 64;
const cmtOptions = cmtTiny.options.parse({});

export const workloads: Record<WorkloadId, Workload> = {
  residual: { batch: 16, size: 16, classes: 10, lr: 0.02, forward: (nn, x) => residual(nn, x, 10) },
  'resnet-vd': resnet(16, 32, 10, 0.01, { depths: [1, 1, 1, 1], width: 0.25 }),
  // Its last maps have one pixel: batch norm over four values makes large steps wild.
  'resnet50-vd': resnet(4, 32, 10, 0.002),
  cmt: {
    batch: 4,
    size: CMT_SIZE,
    classes: 10,
    lr: 0.01,
    forward: (nn, x) => cmtTiny.forward(nn, x, cmtOptions, { ...plainModel, classes: 10, size: CMT_SIZE }),
  },
  'resnet50-vd-224': resnet(8, 224, 1000, 0.01),
};

/** Useful operations of one training step: 2 per multiply-add of convolutions and linear layers, forward and two gradients. */
export function stepFlops({ batch, size, forward }: Workload): number {
  const { nn, counts } = countingLayers();
  forward(nn, [batch, size, size, 3]);
  return 2 * 3 * counts.macs;
}

/** Mean and deviation that turn bytes / 255 into the network's input, for each channel. */
export const CENTRE = 0.5;

/** Of SGD, without weight decay. */
export const MOMENTUM = 0.9;

export interface NoiseBatch {
  /** uint8 RGB [batch, size, size, 3]. */
  pixels: Uint8Array<ArrayBuffer>;
  /** The same as the network sees it, about [-1, 1]. */
  image: Float32Array<ArrayBuffer>;
  labels: Int32Array<ArrayBuffer>;
  /** One-hot [batch, classes]. */
  targets: Float32Array<ArrayBuffer>;
}

/** The one batch of a workload, always the same: noise, which a network can only learn by heart. */
export function noiseBatch({ batch, size, classes }: Workload): NoiseBatch {
  const stream = rng(1, 'bench/pixels');
  const pixels = Uint8Array.from({ length: batch * size * size * 3 }, () => stream.int(256));
  const image = Float32Array.from(pixels, (byte) => (byte / 255 - CENTRE) / CENTRE);
  const labels = Int32Array.from({ length: batch }, (_, i) => i % classes);
  const targets = new Float32Array(batch * classes);
  labels.forEach((label, i) => {
    targets[i * classes + label] = 1;
  });
  return { pixels, image, labels, targets };
}
