// Map symbols drawn on a canvas: every kind has its own shape, so that colour is never the only sign.
import type { Map as MapLibre } from "maplibre-gl";
import { SEVERITIES, VEHICLE_STATES, type Severity } from "@/api/types";
import type { Theme } from "@/stores/preferences";
import { CREW_COLORS, MAP_PALETTES, SEVERITY_COLORS, VEHICLE_COLORS } from "./palette";

const RATIO = 2;
export const CREW_STATES = ["free", "assigned", "on_scene", "off_duty"] as const;

type Draw = (pen: CanvasRenderingContext2D) => void;

function image(size: number, draw: Draw): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size * RATIO;
  const pen = canvas.getContext("2d");
  if (pen === null) throw new Error("this browser has no 2D canvas");
  pen.scale(RATIO, RATIO);
  pen.translate(size / 2, size / 2);
  pen.lineJoin = pen.lineCap = "round";
  draw(pen);
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

function shape(pen: CanvasRenderingContext2D, points: [number, number][]): void {
  pen.beginPath();
  points.forEach(([x, y], index) => (index === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)));
  pen.closePath();
}

function filled(pen: CanvasRenderingContext2D, fill: string, edge: string, width = 1.4): void {
  pen.lineWidth = width * 2;
  pen.strokeStyle = edge;
  pen.stroke();
  pen.fillStyle = fill;
  pen.fill();
}

function arrow(pen: CanvasRenderingContext2D, scale: number): void {
  shape(pen, [[0, -7 * scale], [5 * scale, 6 * scale], [0, 3 * scale], [-5 * scale, 6 * scale]]);
}

function vehicleImage(state: string, fill: string, edge: string): ImageData {
  return image(24, (pen) => {
    if (state === "stopped") {
      pen.beginPath();
      pen.roundRect(-4, -4, 8, 8, 2);
      filled(pen, fill, edge);
    } else if (state === "offline") {
      pen.beginPath();
      pen.arc(0, 0, 3.6, 0, 7);
      filled(pen, edge, fill, 0.8);
    } else {
      if (state === "alerting") {
        pen.beginPath();
        pen.arc(0, 0, 10, 0, 7);
        pen.strokeStyle = fill;
        pen.lineWidth = 1.6;
        pen.stroke();
      }
      arrow(pen, state === "alerting" ? 0.95 : 0.9);
      filled(pen, fill, edge);
    }
  });
}

const SEVERITY_SHAPES: Record<Severity, [number, number][]> = {
  notice: Array.from({ length: 20 }, (_, index) => [9 * Math.cos((index * Math.PI) / 10), 9 * Math.sin((index * Math.PI) / 10)]),
  warning: [[0, -10], [10.5, 8], [-10.5, 8]],
  serious: [[0, -11], [11, 0], [0, 11], [-11, 0]],
  critical: [[-4, -10], [4, -10], [10, -4], [10, 4], [4, 10], [-4, 10], [-10, 4], [-10, -4]],
};

function alertImage(severity: Severity, fill: string, edge: string): ImageData {
  return image(30, (pen) => {
    shape(pen, SEVERITY_SHAPES[severity]);
    filled(pen, fill, edge);
    pen.strokeStyle = edge;
    pen.lineWidth = 2.2;
    pen.beginPath();
    pen.moveTo(0, -4.5);
    pen.lineTo(0, 2);
    pen.moveTo(0, 5.6);
    pen.lineTo(0, 5.8);
    pen.stroke();
  });
}

function caseImage(fill: string, edge: string): ImageData {
  return image(30, (pen) => {
    pen.beginPath();
    pen.roundRect(-9, -8, 18, 16, 3);
    filled(pen, edge, fill, 1);
    pen.strokeStyle = fill;
    pen.lineWidth = 1.8;
    pen.beginPath();
    pen.moveTo(-5, -2.5);
    pen.lineTo(5, -2.5);
    pen.moveTo(-5, 2.5);
    pen.lineTo(2, 2.5);
    pen.stroke();
  });
}

function crewImage(state: string, fill: string, edge: string): ImageData {
  return image(30, (pen) => {
    shape(pen, [[0, 11], [-9, 3], [-9, -7], [0, -10.5], [9, -7], [9, 3]]);
    filled(pen, state === "off_duty" ? edge : fill, state === "off_duty" ? fill : edge, 1.2);
    pen.fillStyle = state === "off_duty" ? fill : edge;
    pen.beginPath();
    pen.arc(0, -3, 2.8, 0, 7);
    pen.fill();
    pen.beginPath();
    pen.arc(0, 6, 5, Math.PI, 0);
    pen.fill();
  });
}

function ringImage(color: string): ImageData {
  return image(44, (pen) => {
    pen.strokeStyle = color;
    pen.lineWidth = 2;
    pen.setLineDash([8, 5]);
    pen.beginPath();
    pen.arc(0, 0, 18, 0, 7);
    pen.stroke();
  });
}

function junctionImage(color: string, edge: string): ImageData {
  return image(12, (pen) => {
    pen.beginPath();
    pen.roundRect(-2.2, -4.5, 4.4, 9, 2);
    filled(pen, edge, color, 0.6);
    pen.fillStyle = color;
    for (const y of [-2.4, 0, 2.4]) pen.fillRect(-0.7, y - 0.6, 1.4, 1.2);
  });
}

function poiImage(color: string, edge: string): ImageData {
  return image(12, (pen) => {
    shape(pen, [[0, -4], [4, 0], [0, 4], [-4, 0]]);
    filled(pen, color, edge, 0.8);
  });
}

function meetImage(color: string, edge: string): ImageData {
  return image(36, (pen) => {
    pen.beginPath();
    pen.moveTo(0, 14);
    pen.bezierCurveTo(-13, 1, -9, -12, 0, -12);
    pen.bezierCurveTo(9, -12, 13, 1, 0, 14);
    filled(pen, color, edge);
    pen.fillStyle = edge;
    pen.beginPath();
    pen.arc(0, -3, 3.6, 0, 7);
    pen.fill();
  });
}

/** Put every symbol of a theme on the map, replacing those of the other theme. */
export function placeSymbols(map: MapLibre, theme: Theme): void {
  const palette = MAP_PALETTES[theme];
  const edge = palette.halo;
  const images: [string, ImageData][] = [
    ...VEHICLE_STATES.map((s): [string, ImageData] => [`vehicle-${s}`, vehicleImage(s, VEHICLE_COLORS[theme][s], edge)]),
    ...SEVERITIES.map((s): [string, ImageData] => [`alert-${s}`, alertImage(s, SEVERITY_COLORS[theme][s], edge)]),
    ...SEVERITIES.map((s): [string, ImageData] => [`case-${s}`, caseImage(SEVERITY_COLORS[theme][s], edge)]),
    ...CREW_STATES.map((s): [string, ImageData] => [`crew-${s}`, crewImage(s, CREW_COLORS[theme][s] ?? palette.poi, edge)]),
    ["selection", ringImage(palette.selection)],
    ["junction", junctionImage(palette.junction, edge)],
    ["poi", poiImage(palette.poi, edge)],
    ["meet", meetImage(palette.route, edge)],
  ];
  for (const [name, pixels] of images) {
    if (map.hasImage(name)) map.updateImage(name, pixels);
    else map.addImage(name, pixels, { pixelRatio: RATIO });
  }
}
