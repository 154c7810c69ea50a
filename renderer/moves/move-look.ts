export const LOOKS = [
  { id: 'chart', label: 'Chart' },
  { id: 'table', label: 'Table' },
] as const;

export type Look = (typeof LOOKS)[number]['id'];
