// The pages that scenes bring. A scene's part of the interface is one folder here: index.ts names its pages, zh.json and
// en.json hold its words (under the scene's name). Adding or deleting the folder touches nothing else.
import { type Component, defineAsyncComponent } from "vue";
import type { RouteComponent } from "vue-router";
import type { Role } from "@/api/types";
import type { IconName } from "@/components/icons";

export interface ScenePage {
  name: string;
  path: string;
  component: () => Promise<RouteComponent | { default: RouteComponent }>;
  /** Shown in the rail; its words are `<scene>.nav.<name>`. Without it the page is reached from another page. */
  icon?: IconName;
  /** The words of the rail. */
  title?: string;
  permission?: string;
  roles?: readonly Role[];
  /** People of a unit that no scene holds anything for yet can begin here. */
  begins?: boolean;
  /** Nobody needs to be signed in. */
  open?: boolean;
  /** The page of the rail that a page without an icon belongs to. */
  part?: string;
}

type Loader = () => Promise<{ default: Component }>;

const sceneOf = (path: string): string => path.split("/")[1] ?? "";
const found = import.meta.glob<{ pages: readonly ScenePage[]; casePanel?: Loader }>("./*/index.ts", { eager: true });
const panels = new Map(
  Object.entries(found).flatMap(([path, module]) => (module.casePanel ? [[sceneOf(path), defineAsyncComponent(module.casePanel)] as const] : [])),
);

/** What a scene shows on the page of its cases besides, with the case as `detail`; most show nothing. */
export const casePanel = (scene: string): Component | undefined => panels.get(scene);

/** Every page with the scene that brings it. */
export const scenePages: readonly (ScenePage & { scene: string })[] = Object.entries(found).flatMap(([path, { pages }]) => pages.map((page) => ({ ...page, scene: sceneOf(path) })));
