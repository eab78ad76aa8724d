// Every route the interface uses, by name. The paths stand here and nowhere else.
import type { FeatureCollection } from "geojson";
import { get, post, type Query, remove, request } from "./client";
import type * as T from "./types";

const part = encodeURIComponent;

export const calls = {
  product: () => get<T.Product>("/api/product"),
  session: () => get<T.Me | null>("/api/session"),
  signIn: (username: string, password: string) => post<T.Me>("/api/session", { username, password }),
  signOut: () => remove<undefined>("/api/session"),

  mapBase: () => get<T.MapBase>("/api/map"),
  mapLayer: (name: string) => get<FeatureCollection>(`/api/map/layers/${part(name)}`),
  vehiclesLive: () => get<T.VehicleLiveList>("/api/vehicles/live"),
  vehicle: (id: string, purpose: string, caseId: string) =>
    get<T.Vehicle>(`/api/vehicles/${part(id)}`, { purpose, case_id: caseId }),

  alerts: (query: Query, signal?: AbortSignal) => get<T.AlertList>("/api/alerts", query, signal),
  alert: (id: string) => get<T.AlertDetail>(`/api/alerts/${part(id)}`),
  alertTrack: (id: string) => get<T.Track>(`/api/alerts/${part(id)}/track`),
  openCase: (alertId: string, comment: string | null) =>
    post<T.CaseDetail>(`/api/alerts/${part(alertId)}/case`, { comment }),

  cases: (query: Query, signal?: AbortSignal) => get<T.CaseList>("/api/cases", query, signal),
  caseForms: () => get<T.CaseFormList>("/api/case-forms"),
  registerCase: (scene: string, kind: string, made: T.NewRegistration) =>
    post<T.Registered>(`/api/case-forms/${part(scene)}/${part(kind)}`, made),
  case: (id: string) => get<T.CaseDetail>(`/api/cases/${part(id)}`),
  markRead: (id: string) => post<undefined>(`/api/cases/${part(id)}/read`),
  documents: (caseId: string) => get<T.CaseDocumentList>(`/api/cases/${part(caseId)}/documents`),
  caseTrack: (id: string) => get<T.Track>(`/api/cases/${part(id)}/track`),
  step: (caseId: string, action: string, step: T.Step) =>
    post<T.CaseDetail>(`/api/cases/${part(caseId)}/steps/${part(action)}`, step),
  choices: (caseId: string, action: string, query: Query) =>
    get<T.ChoiceList>(`/api/cases/${part(caseId)}/steps/${part(action)}/choices`, query),
  offers: (caseIds: readonly string[]) => get<T.OfferList>("/api/steps", { case_id: caseIds }),
  steps: (action: string, step: T.BulkStep) => post<T.OutcomeList>(`/api/steps/${part(action)}`, step),
  notices: (query: Query) => get<T.NoticeList>("/api/notices", query),
  holders: () => get<T.HolderList>("/api/hand-over"),
  colleagues: (id: string) => get<T.ChoiceList>(`/api/hand-over/${part(id)}`),
  handOver: (order: T.HandOver) => post<T.OutcomeList>("/api/hand-over", order),
  recommendations: (caseId: string) => get<T.Recommendations>(`/api/cases/${part(caseId)}/recommendations`),
  taskRoute: (taskId: string, from: Query = {}) => get<T.CrewRoute>(`/api/tasks/${part(taskId)}/route`, from),
  tasks: (query: Query) => get<T.TaskList>("/api/tasks", query),

  evidence: (caseId: string) => get<T.EvidenceList>(`/api/cases/${part(caseId)}/evidence`),
  takeBackEvidence: (id: string) => remove<undefined>(`/api/evidence/${part(id)}`),
  fieldCatalogue: () => get<T.FieldCatalogue>("/api/field/catalogue"),
  patrolCoverage: (from: string, to: string) => get<T.PatrolCoverage>("/api/patrol/coverage", { from, to }),

  inspectionPlans: () => get<{ items: T.InspectionPlan[] }>("/api/inspections/plans"),
  due: (query: Query) => get<T.DueList>("/api/inspections/due", query),
  coverage: (query: Query) => get<T.Coverage>("/api/inspections/coverage", query),
  inspectionBundle: (query: Query) => get<T.InspectionBundle>("/api/inspections/bundle", query),
  checklist: (name: string, version?: number) => get<T.InspectionChecklist>(`/api/inspections/checklists/${part(name)}`, { version }),
  inspections: (query: Query) => get<T.InspectionList>("/api/inspections", query),
  inspection: (id: string) => get<T.InspectionDetail>(`/api/inspections/${part(id)}`),
  hazards: (query: Query) => get<T.HazardList>("/api/hazards", query),
  attachments: (objectId: string) => get<{ items: T.Attachment[] }>(`/api/objects/${part(objectId)}/attachments`),
  attach: (objectId: string, evidence_ids: string[]) =>
    post<{ items: T.Attachment[] }>(`/api/objects/${part(objectId)}/attachments`, { evidence_ids }),

  crews: () => get<{ items: T.Crew[] }>("/api/crews"),
  crewPosition: (id: string, position: T.CrewPosition) => post<unknown>(`/api/crews/${part(id)}/position`, position),
  crewShift: (id: string, on: boolean) => post<unknown>(`/api/crews/${part(id)}/shift`, { on }),
  closures: () => get<{ items: T.Closure[] }>("/api/closures"),
  addClosure: (closure: T.NewClosure) => post<T.Closure>("/api/closures", closure),
  removeClosure: (id: string) => remove<undefined>(`/api/closures/${part(id)}`),

  figures: (scene: string) => get<T.FigureBoard>(`/api/figures/${part(scene)}`),
  figureReports: (scene: string, figure: string) => get<T.ReportedHistory>(`/api/figures/${part(scene)}/${part(figure)}/reported`),
  reportFigure: (scene: string, figure: string, report: T.NewReportedValue) =>
    post<T.FigureBoard>(`/api/figures/${part(scene)}/${part(figure)}/reported`, report),

  units: () => get<{ items: T.Unit[] }>("/api/units"),
  devices: (query: Query) => get<T.DeviceList>("/api/devices", query),
  pendingDevices: (query: Query) => get<T.PendingDeviceList>("/api/devices/pending", query),
  approveDevice: (id: number, approval: T.ApproveDevice) =>
    post<T.Device>(`/api/devices/pending/${id}/approve`, approval),
  accounts: () => get<{ items: T.Account[] }>("/api/accounts"),
  addAccount: (account: T.NewAccount) => post<T.Account>("/api/accounts", account),
  setPassword: (id: string, password: string) => post<undefined>(`/api/accounts/${part(id)}/password`, { password }),
  deactivateAccount: (id: string) => remove<undefined>(`/api/accounts/${part(id)}`),
  activateAccount: (id: string) => post<undefined>(`/api/accounts/${part(id)}/activate`),
  audit: (query: Query) => get<T.AuditList>("/api/audit", query),

  learnToday: () => get<T.LearnToday>("/api/learn/today"),
  learnRates: () => get<T.LearnRates>("/api/learn/rates"),
  evaluation: (query: Query) => get<T.Evaluation>("/api/evaluation", query),
  countedCases: (query: Query) => get<T.CountedCaseList>("/api/evaluation/cases", query),

  ruleTables: () => get<{ items: T.RuleTable[] }>("/api/rules"),
  ruleRows: (table: string, query: Query) => get<T.RuleRows>(`/api/rules/${part(table)}`, query),
  ruleVersions: (table: string) => get<{ items: T.RuleVersion[] }>(`/api/rules/${part(table)}/versions`),
  ruleChanges: (table: string, before: number, after: number) =>
    get<T.RuleChanges>(`/api/rules/${part(table)}/changes`, { before, after }),
  checkRules: (table: string, file: Blob) => request<T.RuleCheck>("POST", `/api/rules/${part(table)}/check`, { file }),
  publishRules: (table: string, file: Blob, query: Query) =>
    request<T.RuleVersion>("POST", `/api/rules/${part(table)}/versions`, { query, file }),
  rollBackRules: (table: string, to: { to_version: number; expected_version: number; note: string }) =>
    post<T.RuleVersion>(`/api/rules/${part(table)}/roll-back`, to),
  catalogue: (query: Query) => get<T.CatalogueList>("/api/catalogue", query),
  testRoute: (question: T.RouteQuestion) => post<T.RouteAnswer>("/api/route-test", question),
  tipOffs: (state: T.TipOffState) => get<{ items: T.TipOffRow[] }>("/api/tip-offs", { state }),
  tipOff: (id: string) => get<T.TipOffFull>(`/api/tip-offs/${part(id)}`),
  decideTipOff: (id: string, decision: T.DecideTipOff) =>
    post<T.TipOffFull>(`/api/tip-offs/${part(id)}/decision`, decision),
  fileTipOff: (id: string, how: T.FileReport) => post<T.ReportFiled>(`/api/tip-offs/${part(id)}/filing`, how),
  lookUpTipOff: (code: string) => post<T.TipOffFull>("/api/tip-offs/counter/look-up", { code }),
  payTipOff: (code: string) => post<T.TipOffFull>("/api/tip-offs/counter/payment", { code }),

  findPlaces: (q: string) => get<{ items: T.FoundPlace[] }>("/api/intake/places", { q }),
  suggest: (draft: T.Draft) => post<T.Suggestions>("/api/intake/suggestions", draft),
  report: (report: T.NewCaseReport) => post<T.FiledReport>("/api/intake/reports", report),
  importReports: (file: Blob, query: Query) => request<T.ImportResult>("POST", "/api/intake/import", { query, file }),
  owedCalls: () => get<T.OwedCallList>("/api/intake/call-backs"),
  noteCall: (reporterId: string, made: T.CallMade) => post<undefined>(`/api/intake/call-backs/${part(reporterId)}`, made),
  correctMatter: (caseId: string, right: T.CorrectMatter) => post<undefined>(`/api/cases/${part(caseId)}/matter`, right),
  caseDuplicates: (caseId: string) => get<{ items: T.NearCase[] }>(`/api/cases/${part(caseId)}/duplicates`),
  reporters: (caseId: string) => get<T.CaseReporterList>(`/api/cases/${part(caseId)}/reporters`),
  reporterContact: (reporterId: string, purpose: string) =>
    post<T.ReporterContact>(`/api/intake/reporters/${part(reporterId)}/contact`, { purpose }),
  publicReports: (query: Query) => get<T.ReportRows>("/api/reports", query),
  publicReport: (id: string) => get<T.ReportFull>(`/api/reports/${part(id)}`),
  fileReport: (id: string, how: T.FileReport) => post<T.FiledReport>(`/api/reports/${part(id)}/filing`, how),
  refuseReport: (id: string, answer: string) => post<T.ReportFull>(`/api/reports/${part(id)}/refusal`, { answer }),

  health: () => get<T.Health>("/api/health"),
};

export const alertsSheet = "/api/alerts.xlsx";
export const evaluationSheet = "/api/evaluation.xlsx";
export const ruleSheet = (table: string): string => `/api/rules/${part(table)}/sheet.xlsx`;
export const reportsTemplate = "/api/intake/template.xlsx";
export const casesSheet = "/api/cases.xlsx";
export const livePath = "/api/live";
export const documentPath = (id: string, form: "docx" | "pdf"): string => `/api/documents/${part(id)}.${form}`;
export const casePrintPath = (id: string): string => `/api/cases/${part(id)}/print`;

export const inspectionsPath = "/api/inspections";
export const inspectionPrintPath = (id: string): string => `/api/inspections/${part(id)}/print`;
export const attachmentPath = (id: string, rendition: "thumbnail" | "view" | "original"): string => `/api/attachments/${part(id)}/${rendition}`;
export const evidencePath = (id: string, rendition: "thumbnail" | "view" | "original") => `/api/evidence/${part(id)}/${rendition}`;
