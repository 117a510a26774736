// Icons, drawn here so that none is fetched.

import type { JSX } from "preact";

function icon(path: JSX.Element) {
  return function Icon() {
    return (
      <svg class="glyph" viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor"
        stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
        {path}
      </svg>
    );
  };
}

export const MenuIcon = icon(<path d="M2 4h12M2 8h12M2 12h12" />);
export const CloseIcon = icon(<path d="M3.5 3.5l9 9M12.5 3.5l-9 9" />);
export const SearchIcon = icon(<><circle cx="7" cy="7" r="4.5" /><path d="M10.5 10.5L14 14" /></>);
export const SunIcon = icon(<><circle cx="8" cy="8" r="3" /><path d="M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1" /></>);
export const MoonIcon = icon(<path d="M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1z" />);
export const FileIcon = icon(<path d="M4 1.5h5L12.5 5v9.5H4zM9 1.5V5h3.5" />);
export const FolderIcon = icon(<path d="M1.5 3.5h4l1.5 2h7.5v8h-13z" />);
export const ExpandIcon = icon(<path d="M6 4l4 4-4 4" />);
export const OpenIcon = icon(<path d="M9.5 2H14v4.5M14 2L7.5 8.5M12 9.5V14H2V4h4.5" />);
export const BookIcon = icon(<path d="M8 4C6.5 3 4.5 2.5 1.5 2.5v10c3 0 5 .5 6.5 1.5 1.5-1 3.5-1.5 6.5-1.5v-10c-3 0-5 .5-6.5 1.5zm0 0v10" />);
export const EnlargeIcon = icon(<path d="M9.5 2H14v4.5M14 2L9.5 6.5M6.5 14H2V9.5M2 14l4.5-4.5" />);
