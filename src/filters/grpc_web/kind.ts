import type { GrpcWebSpec } from "../../config/model.ts";
import type { FilterExchange, FilterKind } from "../../filter/types.ts";
import { ID } from "../../http/names.ts";
import { openGrpcWeb } from "./grpc_web_filter.ts";
import { parseWebType } from "./web_type.ts";

/** gRPC-Web to gRPC. It has to do with requests of that content type alone; what browsers ask first (CORS) is not its business. */
export const GRPC_WEB: FilterKind<GrpcWebSpec> = {
  provision: () => ({
    open({ request }: FilterExchange) {
      const contentType = request.method === "POST" ? request.fields.getId(ID["content-type"], "content-type") : null;
      const type = contentType === null ? null : parseWebType(contentType);
      return type === null ? null : openGrpcWeb(type, request.fields.list("accept"));
    },
  }),
};
