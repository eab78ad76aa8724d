// What the public pages ask the server. Codes travel in bodies and headers, never in an address.
import { get, post, request } from "@/api/client";
import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type PublicServices = Schemas["PublicServices"];
export type PublicService = Schemas["PublicService"];
export type PublicQuestion = Schemas["PublicQuestion"];
export type PublicPlace = Schemas["PublicPlace"];
export type PublicReceipt = Schemas["PublicReceipt"];
export type FollowedReport = Schemas["FollowedReport"];
export type FollowedTipOff = Schemas["FollowedTipOff"];
export type MappedReport = Schemas["MappedReport"];
export type NewPublicReport = Schemas["NewPublicReport"];
export type NewPublicTipOff = Schemas["NewPublicTipOff"];

const ROOT = "/api/public";

export const publicCalls = {
  services: () => get<PublicServices>(`${ROOT}/services`),
  place: (lon: number, lat: number) => get<PublicPlace>(`${ROOT}/place`, { lon, lat }),
  map: () => get<Schemas["MappedReports"]>(`${ROOT}/reports`),
  send: (report: NewPublicReport) => post<PublicReceipt>(`${ROOT}/reports`, report),
  follow: (code: string) => post<FollowedReport>(`${ROOT}/reports/follow`, { code }),
  notFixed: (code: string, words: string) => post<FollowedReport>(`${ROOT}/reports/not-fixed`, { code, words }),
  rate: (code: string, stars: number, comment: string) =>
    post<FollowedReport>(`${ROOT}/reports/rating`, { code, stars, comment }),
  photo: (code: string, clientId: string, photo: Blob) =>
    request<Schemas["PhotoKept"]>("POST", `${ROOT}/reports/photos`, {
      query: { client_id: clientId },
      file: photo,
      headers: { "X-Report-Code": code },
    }),
  tipOff: (tipOff: NewPublicTipOff) => post<Schemas["TipOffReceipt"]>(`${ROOT}/tip-offs`, tipOff),
  followTipOff: (code: string) => post<FollowedTipOff>(`${ROOT}/tip-offs/follow`, { code }),
  tipOffPhoto: (code: string, photo: Blob) =>
    request<Schemas["PhotoKept"]>("POST", `${ROOT}/tip-offs/photos`, { file: photo, headers: { "X-Tip-Off-Code": code } }),
};
