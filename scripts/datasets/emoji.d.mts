export interface DrawnEmoji {
  /** Code points, lower case, without variation selectors: '1f44b-1f3fb'. */
  codes: string;
  /** Name without skin tones: what is held out together. */
  emoji: string;
  group: string;
  /** SVG. */
  noto: string;
  /** SVG. */
  twemoji: string;
}

export declare function drawnEmoji(modules: string): DrawnEmoji[];

/** PNG, 64 x 64, on white. */
export declare function render(svg: string): Promise<Uint8Array>;
