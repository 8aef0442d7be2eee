import { createTheme, type MantineColorsTuple } from '@mantine/core';

/** The accent of theme.css in Mantine's ten shades; shade 8 carries white text at 5.9:1. */
const phosphor: MantineColorsTuple = [
  '#e3f6f1',
  '#c9ece4',
  '#9fdfd0',
  '#6fd2bb',
  '#4fd1b5',
  '#2fae94',
  '#1d8f79',
  '#127a67',
  '#0b6b5c',
  '#07493f',
];

/** Mantine's neutral tones, light and dark, tinted as the surfaces of theme.css. */
const gray: MantineColorsTuple = [
  '#fafbfa',
  '#f2f4f3',
  '#e6e9e7',
  '#dbdfdd',
  '#c3cac7',
  '#a9b2ae',
  '#7d8984',
  '#4b5853',
  '#2c3733',
  '#131b18',
];
const dark: MantineColorsTuple = [
  '#e3eae7',
  '#c0cbc7',
  '#95a49e',
  '#6c7a75',
  '#3a4642',
  '#26302d',
  '#19211f',
  '#111716',
  '#0b0f0e',
  '#070a09',
];

export const theme = createTheme({
  colors: { phosphor, gray, dark },
  primaryColor: 'phosphor',
  primaryShade: { light: 8, dark: 6 },
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 4,
  respectReducedMotion: true,
  cursorType: 'pointer',
  focusRing: 'auto',
});
