/** What a learned tensor of a network is, before it has values: its shape in PyTorch, how it is stored here, how it starts. */

export type Init =
  | { kind: 'zeros' }
  | { kind: 'ones' }
  | { kind: 'constant'; value: number }
  /** Normal(0, std). */
  | { kind: 'normal'; std: number }
  /** Normal(0, std) truncated to [-2, 2] absolute, as timm's trunc_normal_. */
  | { kind: 'truncated-normal'; std: number }
  /** U(-bound, bound). */
  | { kind: 'uniform'; bound: number }
  /** He et al. 2015: Normal(0, sqrt(2 / fan_out)), fan_out = kernel area * out channels; groups do not divide it, as in PyTorch. */
  | { kind: 'kaiming-normal-fan-out' };

/** How a PyTorch tensor is stored here. */
export type Layout =
  /** [out, in, kh, kw] as [kh, kw, in, out]. */
  | 'conv'
  /** [channels, 1, kh, kw] as [kh, kw, channels, 1]. */
  | 'depthwise-conv'
  /** [out, in] as [in, out]. */
  | 'linear'
  | 'plain';

export interface ParameterSpec {
  /** PyTorch's shape. */
  shape: readonly number[];
  layout: Layout;
  init: Init;
}

/** Stored axis i is PyTorch axis order[i]. */
export const layoutOrders: Readonly<Record<Exclude<Layout, 'plain'>, readonly number[]>> = {
  conv: [2, 3, 1, 0],
  'depthwise-conv': [2, 3, 0, 1],
  linear: [1, 0],
};

/** The shape as it is stored. */
export const storedShape = ({ shape, layout }: Pick<ParameterSpec, 'shape' | 'layout'>): number[] =>
  layout === 'plain' ? [...shape] : layoutOrders[layout].map((axis) => shape[axis] as number);
