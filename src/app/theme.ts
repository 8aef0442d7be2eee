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

export const theme = createTheme({
  colors: { phosphor },
  primaryColor: 'phosphor',
  primaryShade: { light: 8, dark: 6 },
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 4,
  respectReducedMotion: true,
  cursorType: 'pointer',
  focusRing: 'auto',
});
