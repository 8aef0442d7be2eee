/** The networks, in the order of the form: functions over the tensor layer of engine/ops, each in a file beside its paper. */
import type { Model } from '../define';
import { cmtTiny } from './cmt';
import { convNextAtto } from './convnext';
import { mobileNetV3Small } from './mobilenet-v3';
import { resnet50, resnet50A, resnet50C, resnet50Vd } from './resnet';

export const models: readonly Model[] = [
  resnet50Vd,
  resnet50,
  resnet50C,
  resnet50A,
  cmtTiny,
  mobileNetV3Small,
  convNextAtto,
];
