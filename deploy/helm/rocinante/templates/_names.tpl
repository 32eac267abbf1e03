{{- define "rocinante.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* At most 40 characters: what a JobSet adds must fit into a label too. */}}
{{- define "rocinante.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "rocinante.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "rocinante.coordinatorName" -}}
{{ include "rocinante.fullname" . }}-coordinator
{{- end -}}

{{- define "rocinante.workersName" -}}
{{ include "rocinante.fullname" . }}-workers
{{- end -}}

{{/* How everything in the cluster calls the coordinator; its certificate must have this name. */}}
{{- define "rocinante.coordinatorHost" -}}
{{ include "rocinante.coordinatorName" . }}.{{ .Release.Namespace }}.svc
{{- end -}}

{{/* What the workers' certificate, which they share, calls them where they serve their metrics. */}}
{{- define "rocinante.workersHost" -}}
{{ include "rocinante.workersName" . }}.{{ .Release.Namespace }}.svc
{{- end -}}

{{- define "rocinante.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "rocinante.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "rocinante.selector" -}}
app.kubernetes.io/name: {{ include "rocinante.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "rocinante.labels" -}}
{{ include "rocinante.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end -}}

{{- define "rocinante.image" -}}
{{ .image.repository }}:{{ default .root.Chart.AppVersion .image.tag }}
{{- end -}}

{{/* What asks for HTTP speaks: the ports are under TLS unless they are told otherwise. */}}
{{- define "rocinante.scheme" -}}
{{ ternary "HTTP" "HTTPS" .Values.security.insecure }}
{{- end -}}
