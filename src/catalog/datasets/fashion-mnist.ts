import { z } from 'zod';
import { defineDataset } from '../define';

export const fashionMnist = defineDataset({
  id: 'fashion-mnist',
  label: 'Fashion-MNIST',
  summary: '70,000 grey pictures of clothes, 28 x 28 pixels, in 10 classes. The split is our own.',
  paper: { title: 'Fashion-MNIST (Xiao et al. 2017)', url: 'https://arxiv.org/abs/1708.07747' },
  license: 'MIT',
  credit: 'Zalando Research',
  classes: 10,
  imageSide: 28,
  trainImages: 60000,
  pictures: 'grey',
  options: z.object({}),
  infoUrl: () => 'datasets/fashion-mnist/_info.json',
  // Measured over the training split; its one grey channel is stored as three.
  mean: [0.286, 0.286, 0.286],
  std: [0.353, 0.353, 0.353],
});
