// Our own drawings of the matters that residents report, on a 48 by 48 grid: outline, and a part that is filled.
export interface Picture {
  line: string;
  fill: string;
}

export const PICTURES: Record<string, Picture> = {
  ice: {
    line: "M4 8h40v6H4V8Zm4 6 3 22 4-22m4 0 2 14 3-14m4 0 4 27 4-27m3 0 2 12 2-12",
    fill: "M10 15l1.500 12L13 15h-3Zm20 0l2 16 2-16h-4Z",
  },
  snow: {
    line: "M24 4v26M12.700 10.500l22.600 13M35.300 10.500l-22.600 13M20 6l4 4 4-4M20 28l4-4 4 4M4 40c5-6 10-6 14-2 4-5 9-5 12 0 4-4 9-3 14 2",
    fill: "M4 44v-3c5-6 10-6 14-2 4-5 9-5 12 0 4-4 9-3 14 2v3H4Z",
  },
  refuse: {
    line: "M8 14h22l-2 28H10L8 14Zm-3 0h28M14 14v-4h10v4M15 20l1 16m7-16-1 16M36 42c-2-5 1-9 5-9s4 5 3 9H34",
    fill: "M34 42c0-5 3-9 6-9s5 4 4 9H34Z",
  },
  lamp: {
    line: "M14 44V10c0-4 3-6 7-6h8M10 44h8M28 4h12l3 6H26l2-6Zm-2 14-4 6m12-6v8m8-8 4 6",
    fill: "M28 4h12l3 6H26l2-6Z",
  },
  manhole: {
    line: "M24 38c11 0 20-4.500 20-10s-9-10-20-10S4 22.500 4 28s9 10 20 10Zm-10-14 20 8m0-8-20 8M24 4l7 11H17L24 4Zm0 4v3",
    fill: "M24 34c7 0 13-2.700 13-6s-6-6-13-6-13 2.700-13 6 6 6 13 6Z",
  },
  road: {
    line: "M16 4 6 44M32 4l10 40M24 4v7m0 5v6M15 30l5-4 4 4 6-3 4 6-3 6-7 2-8-3-1-8Z",
    fill: "M16 31l4-3 4 4 6-3 3 5-3 4-6 2-7-3-1-6Z",
  },
  digging: {
    line: "M28 20 40 6l4 4-14 12M28 20 12 36l-6 6 2-8 16-16 4 2Zm-4 22h20M4 44h40M32 42c1-5 4-8 8-8s4 4 4 8",
    fill: "M31 43c1-5 4-8 8-8s5 3 5 8H31Z",
  },
  other: {
    line: "M6 8h36v26H22l-9 9v-9H6V8Zm12 13h.100m5.900 0h.100m5.900 0h.100",
    fill: "M16.500 21a1.800 1.800 0 1 0 3.600 0 1.800 1.800 0 1 0-3.600 0Zm6 0a1.800 1.800 0 1 0 3.600 0 1.800 1.800 0 1 0-3.600 0Zm6 0a1.800 1.800 0 1 0 3.600 0 1.800 1.800 0 1 0-3.600 0Z",
  },
};
