import { calls } from "@/api/calls";
import type { CaseDetail } from "@/api/types";
import { me } from "@/stores/session";

/** Tell the server that this person's unit or crew has now seen its notices of the case. */
export async function noteRead(detail: CaseDetail): Promise<void> {
  const person = me.value;
  const unread = detail.notices.some(
    (notice) => notice.read_at === null && (person?.role === "crew" ? notice.crew_id !== null : notice.unit_id !== null && notice.unit_id === person?.unit_id),
  );
  if (unread) await calls.markRead(detail.case_id);
}
