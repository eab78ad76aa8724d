import { ElMessage, ElMessageBox } from "element-plus";
import { ref, shallowRef } from "vue";
import { useI18n } from "vue-i18n";
import { calls } from "@/api/calls";
import { ApiProblem } from "@/api/client";
import type { Action, CaseDetail, Problem, Step } from "@/api/types";
import { dropDraft } from "@/components/drafts";
import { say } from "@/i18n";
import { problemFrom } from "./useLoad";

export type StepResult = { kind: "done"; detail: CaseDetail } | { kind: "stale" } | { kind: "failed" } | { kind: "cancelled" };

/** Take a step of a case: ask first where it hurts, and tell a stale version apart from other failures. */
export function useStep() {
  const { t } = useI18n();
  const busy = ref<string | null>(null);
  const problem = shallowRef<Problem | null>(null);

  async function confirmed(action: Action): Promise<boolean> {
    if (action.confirm === null) return true;
    try {
      await ElMessageBox.confirm(say(action.confirm), say(action.title), {
        confirmButtonText: say(action.title),
        cancelButtonText: t("common.cancel"),
        confirmButtonClass: action.danger ? "el-button--danger" : "",
        type: action.danger ? "warning" : undefined,
      });
      return true;
    } catch (closed) {
      if (closed === "cancel" || closed === "close") return false;
      throw closed;
    }
  }

  async function take(caseId: string, action: Action, step: Step): Promise<StepResult> {
    if (busy.value !== null || !(await confirmed(action))) return { kind: "cancelled" };
    busy.value = action.name;
    problem.value = null;
    try {
      const detail = await calls.step(caseId, action.name, step);
      dropDraft(caseId, action.name, action.task_id);
      ElMessage.success(t("cases.step_taken", { action: say(action.title) }));
      return { kind: "done", detail };
    } catch (error) {
      problem.value = problemFrom(error);
      return error instanceof ApiProblem && error.status === 409 ? { kind: "stale" } : { kind: "failed" };
    } finally {
      busy.value = null;
    }
  }

  return { busy, problem, take };
}
