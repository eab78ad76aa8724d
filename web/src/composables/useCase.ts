import { ElMessage } from "element-plus";
import { watch } from "vue";
import { useI18n } from "vue-i18n";
import { calls } from "@/api/calls";
import type { CaseDetail } from "@/api/types";
import { overlay } from "@/stores/overlay";
import { noteRead } from "./useNotices";
import { useReloadOn } from "./useLive";
import { useLoad } from "./useLoad";

/** One case, live. A step's answer replaces it; a stale step reads it again and says so. */
export function useCase(id: () => string) {
  const { t } = useI18n();
  const loaded = useLoad(async () => {
    const detail = await calls.case(id());
    await noteRead(detail);
    return newest(detail);
  });

  /** What was read before a step may arrive after the step's own answer: the older one is not shown again. */
  function newest(detail: CaseDetail): CaseDetail {
    const shown = loaded.data.value;
    return shown?.case_id === detail.case_id && shown.version > detail.version ? shown : detail;
  }
  function put(detail: CaseDetail): void {
    if (detail.case_id === id()) loaded.data.value = newest(detail);
  }
  async function stale(): Promise<void> {
    await loaded.load();
    if (loaded.problem.value === null) ElMessage.warning({ message: t("cases.stale"), duration: 8000, showClose: true });
  }
  useReloadOn(["case.", "task.", "notice."], loaded.load, {
    concerns: (change) => change.key === id() || change.case_id === id(),
  });

  return { ...loaded, put, stale };
}

/** One case, live, with the track of the alert that it came from on the map: a case that came from none has no track to ask for. */
export function useTrackedCase(id: () => string) {
  const one = useCase(id);
  const track = useLoad(async () => {
    await one.load();
    const detail = one.data.value;
    return detail?.case_id === id() && detail.alert_id !== null ? (await calls.caseTrack(detail.case_id)).items : [];
  });
  watch(track.data, (points) => (overlay.track = points ?? []));

  return { ...one, begin: track.load };
}
