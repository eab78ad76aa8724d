import { onBeforeUnmount, onUnmounted, type Ref } from "vue";

/** When the part closes with the focus in it, the focus goes back to what had it when the part opened. */
export function useFocusBack(part: Ref<HTMLElement | null>): HTMLElement | null {
  const opener = document.activeElement instanceof HTMLElement ? document.activeElement : null;
  let held = false;
  onBeforeUnmount(() => (held = part.value?.contains(document.activeElement) === true));
  onUnmounted(() => {
    if (held) opener?.focus();
  });
  return opener;
}
