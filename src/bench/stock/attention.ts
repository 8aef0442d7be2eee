import * as tf from '@tensorflow/tfjs';

/** softmax(q k^T * scale + bias) v, which tf.layers lacks, of its plain ops; q [b, n, c], k and v [b, m, c], bias [heads, n, m]. */
export class BiasedAttention extends tf.layers.Layer {
  static className = 'BiasedAttention';
  private readonly heads: number;
  private readonly scale: number;
  private bias: tf.LayerVariable | undefined;

  constructor({ heads, scale }: { heads: number; scale: number }) {
    super({});
    this.heads = heads;
    this.scale = scale;
  }

  override build(shapes: tf.Shape[]): void {
    const [q, k] = shapes as [tf.Shape, tf.Shape];
    const shape = [this.heads, q[1] as number, k[1] as number];
    this.bias = this.addWeight('bias', shape, 'float32', tf.initializers.randomNormal({ mean: 0, stddev: 1 }));
    super.build(shapes);
  }

  override computeOutputShape(shapes: tf.Shape[]): tf.Shape {
    return shapes[0] as tf.Shape;
  }

  override call(inputs: tf.Tensor[]): tf.Tensor {
    return tf.tidy(() => {
      const [q, k, v] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor];
      const [batch, n, channels] = q.shape as [number, number, number];
      const split = (x: tf.Tensor) =>
        tf.transpose(tf.reshape(x, [batch, x.shape[1] as number, this.heads, channels / this.heads]), [0, 2, 1, 3]);
      const products = tf.mul(tf.matMul(split(q), split(k), false, true), this.scale);
      const weights = tf.softmax(tf.add(products, (this.bias as tf.LayerVariable).read()));
      return tf.reshape(tf.transpose(tf.matMul(weights, split(v)), [0, 2, 1, 3]), [batch, n, channels]);
    });
  }
}
