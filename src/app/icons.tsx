/** One small set of icons, 16 x 16, one stroke width, drawn in the text colour. */
const paths = {
  play: 'M5 3.500v9l7.500-4.500z',
  pause: 'M5.500 3.500v9M10.500 3.500v9',
  stop: 'M4 4h8v8H4z',
  link: 'M6.500 9.500l3-3M7 4.800l1.300-1.300a3 3 0 0 1 4.200 4.200L11.200 9M9 11.200l-1.300 1.300a3 3 0 0 1-4.200-4.200L4.800 7',
  reset: 'M3.200 8a4.800 4.800 0 1 0 1.600-3.600M4.600 2v2.600h2.600',
  search: 'M7 2.800a4.200 4.200 0 1 1 0 8.400a4.200 4.200 0 0 1 0-8.400M10.200 10.200l3 3',
  eye: 'M1.800 8S4 3.800 8 3.800 14.200 8 14.200 8 12 12.200 8 12.200 1.800 8 1.800 8M8 6.200a1.800 1.800 0 1 1 0 3.600a1.800 1.800 0 0 1 0-3.600',
  eyeOff:
    'M2.500 2.500l11 11M6.300 4c.5-.1 1.100-.2 1.700-.2 4 0 6.200 4.200 6.200 4.200a11 11 0 0 1-1.900 2.400M4.200 5.200A10 10 0 0 0 1.800 8S4 12.200 8 12.200c1.300 0 2.400-.4 3.300-1',
  bin: 'M3 4.500h10M6.500 4.500V3h3v1.500M4.500 4.500l.6 8.500h5.800l.6-8.500M6.800 7v3.600M9.200 7v3.600',
  load: 'M9.500 3.500H13v9H9.500M2.500 8h7M6.800 5.200L9.600 8l-2.800 2.800',
  download: 'M8 2.500v7.500M5 7.300L8 10.300l3-3M3 13h10',
  sun: 'M8 5.400a2.600 2.600 0 1 1 0 5.200a2.600 2.600 0 0 1 0-5.200M8 1.500v1.300M8 13.200v1.300M1.500 8h1.300M13.200 8h1.300M3.400 3.400l.9.9M11.700 11.700l.9.9M12.600 3.400l-.9.9M4.300 11.700l-.9.9',
  moon: 'M13 9.600A5.600 5.600 0 0 1 6.400 3a5.600 5.600 0 1 0 6.600 6.600z',
  close: 'M4 4l8 8M12 4l-8 8',
  warn: 'M8 2.500L14.200 13H1.800zM8 6.500v3M8 11.200v.1',
  sliders: 'M2.500 4.500h6M11.500 4.500h2M2.500 11.500h2M7.500 11.500h6M10 3v3M6 10v3',
  check: 'M3.500 8.500l3 3 6-7',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" fill="none" aria-hidden="true" focusable="false">
      <path d={paths[name]} stroke="currentColor" strokeWidth="1.400" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
