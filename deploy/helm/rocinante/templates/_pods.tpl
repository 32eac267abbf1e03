{{/* What all pods have in common: who they are, and what they may not do. */}}
{{- define "rocinante.podCommon" -}}
serviceAccountName: {{ include "rocinante.serviceAccountName" . }}
automountServiceAccountToken: false
# The variables that Kubernetes makes of Services begin like those of rocinante's options.
enableServiceLinks: false
terminationGracePeriodSeconds: 30
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "rocinante.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "rocinante.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* Alive is who answers; ready is who can do its work now. Nobody is restarted for not being ready. */}}
{{- define "rocinante.probes" -}}
startupProbe:
  httpGet: { path: /healthz, port: http, scheme: {{ include "rocinante.scheme" . }} }
  periodSeconds: 2
  failureThreshold: 90
livenessProbe:
  httpGet: { path: /healthz, port: http, scheme: {{ include "rocinante.scheme" . }} }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /readyz, port: http, scheme: {{ include "rocinante.scheme" . }} }
  periodSeconds: 5
  timeoutSeconds: 3
{{- end -}}

{{- define "rocinante.commonEnv" -}}
{{- if .root.Values.security.insecure }}
- name: ROCINANTE_INSECURE
  value: '1'
{{- end }}
{{- if eq .root.Values.mode "jobset" }}
# A Job takes an exit code of 0 for work that is done, and would not replace an evicted pod.
- name: ROCINANTE_AS_TASK
  value: '1'
{{- end }}
{{- with .env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "rocinante.commonMounts" -}}
- name: cache
  mountPath: /cache
- name: tmp
  mountPath: /tmp
{{- if not .Values.security.insecure }}
- name: security
  mountPath: /run/rocinante
  readOnly: true
{{- end }}
{{- end -}}

{{- define "rocinante.commonVolumes" -}}
- name: cache
  emptyDir: {}
- name: tmp
  emptyDir: {}
{{- end -}}

{{/*
  The folder that the images look into: a pod's certificate (`certificate`, called `name`), if it has one of its own, and further
  files of the Secret. Renewed Secrets appear in it, and are taken over without a restart.
*/}}
{{- define "rocinante.securityVolume" -}}
{{- $security := .root.Values.security }}
{{- if not $security.insecure }}
- name: security
  projected:
    # 0440: the group is the pod’s.
    defaultMode: 288
    sources:
      {{- if .certificate.secretName }}
      - secret:
          name: {{ .certificate.secretName }}
          items:
            - { key: {{ .certificate.certificate }}, path: {{ .name }}.crt }
            - { key: {{ .certificate.key }}, path: {{ .name }}.key }
            - { key: {{ .certificate.authority }}, path: ca.crt }
      {{- end }}
      - secret:
          name: {{ $security.secretName }}
          items:
            {{- if not .certificate.secretName }}
            - { key: {{ .name }}.crt, path: {{ .name }}.crt }
            - { key: {{ .name }}.key, path: {{ .name }}.key }
            - { key: ca.crt, path: ca.crt }
            {{- end }}
            {{- range .files }}
            - { key: {{ . }}, path: {{ . }} }
            {{- end }}
{{- end }}
{{- end -}}
