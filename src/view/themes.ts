// Colours of pictures of a terminal: foreground, background and the sixteen of ECMA-48's SGR 30-37 and 90-97. Text has at least 4.5:1 on its
// background (WCAG 2.2, 1.4.3), 7:1 in `contrast`.

export interface Theme {
  readonly foreground: string;
  readonly background: string;
  /** Black, red, green, yellow, blue, magenta, cyan, white; then the bright ones. */
  readonly palette: readonly string[];
}

export const THEMES: Readonly<Record<string, Theme>> = {
  dark: {
    foreground: '#d8dee9',
    background: '#1c2128',
    palette: [
      '#545d68',
      '#ff7b72',
      '#7ee787',
      '#e3b341',
      '#79c0ff',
      '#d2a8ff',
      '#76e3ea',
      '#cdd9e5',
      '#8b949e',
      '#ffa198',
      '#9be9a8',
      '#f2cc60',
      '#a5d6ff',
      '#e2c5ff',
      '#a8f0f4',
      '#ffffff',
    ],
  },
  light: {
    foreground: '#24292f',
    background: '#ffffff',
    palette: [
      '#24292f',
      '#b3141d',
      '#0f6a2d',
      '#7a4e00',
      '#0550ae',
      '#6f3bb8',
      '#0f6670',
      '#57606a',
      '#57606a',
      '#a40e26',
      '#116329',
      '#6b4400',
      '#0a4a9e',
      '#5a2ca0',
      '#0d5a63',
      '#32383f',
    ],
  },
  contrast: {
    foreground: '#ffffff',
    background: '#000000',
    palette: [
      '#9a9a9a',
      '#ff9090',
      '#80ff80',
      '#ffff60',
      '#a0c8ff',
      '#ffa0ff',
      '#60ffff',
      '#ffffff',
      '#c0c0c0',
      '#ffb0b0',
      '#b0ffb0',
      '#ffffa0',
      '#c0dcff',
      '#ffc8ff',
      '#a0ffff',
      '#ffffff',
    ],
  },
};

/** Themes of what a terminal shows: they choose among the terminal's own sixteen colours. */
export const COLOUR_THEMES = ['default', 'bright', 'blue-yellow', 'mono'] as const;
export type ColourTheme = (typeof COLOUR_THEMES)[number];

/** The theme of that name; the first where there is none. */
export const colourTheme = (name: string | undefined): ColourTheme => COLOUR_THEMES.find((theme) => theme === name) ?? 'default';
