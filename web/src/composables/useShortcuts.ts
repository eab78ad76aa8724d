import { onBeforeUnmount, onMounted } from "vue";

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

export function dialogOpen(): boolean {
  return [...document.querySelectorAll(".el-overlay-message-box, .el-overlay-dialog, .el-drawer")].some((box) => box.checkVisibility());
}

/** Single-key shortcuts of the desk; they rest while a person types or a dialog is open. One that answers false leaves the key to the browser. */
export function useShortcuts(handlers: Record<string, (event: KeyboardEvent) => unknown>): void {
  function listen(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (dialogOpen()) return;
    const handler = handlers[event.key];
    if (handler !== undefined && handler(event) !== false) event.preventDefault();
  }
  onMounted(() => document.addEventListener("keydown", listen));
  onBeforeUnmount(() => document.removeEventListener("keydown", listen));
}
