// Light, dark, or as the system has it.

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const name = 'parley.theme';

export function storedTheme(): Theme {
  const stored = localStorage.getItem(name);
  return themes.find((theme) => theme === stored) ?? 'system';
}

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset['theme'] = theme;
  if (theme === 'system') localStorage.removeItem(name);
  else localStorage.setItem(name, theme);
}
