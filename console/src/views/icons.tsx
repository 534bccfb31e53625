// The page's few icons, drawn in the colour of the text beside them.
import type { ComponentChildren } from 'preact';

function icon(children: ComponentChildren) {
  return function Icon() {
    return (
      <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
        {children}
      </svg>
    );
  };
}

export const MicrophoneIcon = icon(
  <>
    <rect x="9" y="3" width="6" height="11" rx="3" />
    <path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3" />
  </>,
);
export const MutedIcon = icon(
  <>
    <path d="M15 10.500V6a3 3 0 0 0-5.8-1M9 9.500V11a3 3 0 0 0 4.6 2.500M5.5 11.500a6.5 6.5 0 0 0 10.2 5.300M18.5 11.500c0 .9-.2 1.7-.5 2.500M12 18v3M4 4l16 16" />
  </>,
);
export const StopIcon = icon(<rect x="7" y="7" width="10" height="10" rx="2" class="filled" />);
export const HandIcon = icon(
  <path d="M8 12V5.500a1.5 1.5 0 0 1 3 0V11V4.500a1.5 1.5 0 0 1 3 0V11V6.500a1.5 1.5 0 0 1 3 0V15a6 6 0 0 1-6 6c-2.5 0-4-1-5.3-3.300L4 13.600c-.9-1.6 1.3-3 2.5-1.600L8 14" />,
);
export const HushIcon = icon(<path d="M9.5 5v14M14.5 5v14" />);
export const ListenIcon = icon(
  <path d="M4 15v-2a8 8 0 0 1 16 0v2M4 15.500A1.5 1.5 0 0 1 5.5 14H7v6H5.500A1.5 1.5 0 0 1 4 18.500ZM20 15.500a1.5 1.5 0 0 0-1.500-1.500H17v6h1.500a1.5 1.5 0 0 0 1.500-1.500Z" />,
);
export const HangUpIcon = icon(
  <path d="M3.5 14.500c-.9-1-.6-2.500.4-3.400C6.100 9.100 9 8 12 8s5.900 1.100 8.100 3.100c1 .9 1.300 2.400.4 3.400l-1 1.100a1.200 1.200 0 0 1-1.500.2l-2.600-1.500a1.200 1.200 0 0 1-.6-1v-1.700a11 11 0 0 0-5.600 0v1.700c0 .4-.2.800-.6 1L6 15.800a1.200 1.200 0 0 1-1.500-.2Z" />,
);
export const BackIcon = icon(<path d="M14.500 6 8.500 12l6 6" />);
export const RefreshIcon = icon(<path d="M19 12a7 7 0 1 1-2.200-5.100L19 9M19 4.500V9h-4.500" />);
export const InboundIcon = icon(<path d="M17 7 8 16M8 9v7h7" />);
export const OutboundIcon = icon(<path d="M7 17l9-9M9 8h7v7" />);
export const SendIcon = icon(<path d="M12 19V5M6 11l6-6 6 6" />);
export const SunIcon = icon(
  <>
    <circle cx="12" cy="12" r="4" />
    <path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.400M5.6 18.4 7 17M17 7l1.4-1.4" />
  </>,
);
export const MoonIcon = icon(<path d="M20 14.500A8 8 0 0 1 9.5 4a8 8 0 1 0 10.5 10.500Z" />);
export const SystemIcon = icon(
  <>
    <circle cx="12" cy="12" r="8" />
    <path d="M12 4v16a8 8 0 0 0 0-16Z" class="filled" />
  </>,
);
export const CopyIcon = icon(
  <>
    <rect x="9" y="9" width="11" height="11" rx="2" />
    <path d="M15 9V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h3" />
  </>,
);
export const PlayIcon = icon(<path d="M8 5.500v13l10-6.500z" class="filled" />);
export const CloseIcon = icon(<path d="M6 6l12 12M18 6 6 18" />);
export const PlusIcon = icon(<path d="M12 5v14M5 12h14" />);
export const ToolIcon = icon(
  <path d="M14.5 6.500a4 4 0 0 1 5-1l-2.7 2.7 1 2 2 .9 2-2a4 4 0 0 1-5.6 4.400L9.5 20a2.1 2.1 0 0 1-3-3l6.6-6.600a4 4 0 0 1 1.4-3.900Z" />,
);
export const KeyIcon = icon(
  <>
    <circle cx="8" cy="15" r="4" />
    <path d="M11 12 20 3M16 7l3 3" />
  </>,
);
